import { copyFile, mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { buildClientPackage } from "./client-package.ts";
import { buildConsole } from "./console-build.ts";
import { buildCreatePackage } from "./create-package.ts";
import { buildLibrary } from "./library-build.ts";
import { runProgram } from "./program.ts";
import { ROOT } from "./root.ts";

/** A package as npm publishes it. */
export type Packed = { readonly file: string; readonly bytes: number };

/**
 * Builds the three packages into folders of their own, whatever uses dist/ meanwhile, and packs them as npm publishes them.
 * @param into the folder for them; what was in it goes
 */
export const packAll = async (into: string): Promise<{ readonly sdk: Packed; readonly client: Packed; readonly create: Packed }> => {
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true });
  const folders = { sdk: join(into, "sdk"), client: join(into, "client"), create: join(into, "create") };
  await buildLibrary(join(folders.sdk, "dist"));
  await buildConsole(join(folders.sdk, "dist/console"));
  for (const file of ["package.json", "README.md", "LICENSE", "CHANGELOG.md"]) await copyFile(join(ROOT, file), join(folders.sdk, file));
  await buildClientPackage(folders.client);
  await buildCreatePackage(folders.create);
  return { sdk: await pack(folders.sdk, into), client: await pack(folders.client, into), create: await pack(folders.create, into) };
};

const pack = async (folder: string, into: string): Promise<Packed> => {
  const output = await runProgram("npm", ["pack", folder, "--pack-destination", into, "--ignore-scripts", "--silent"]);
  const file = join(into, output.trim());
  return { file, bytes: (await stat(file)).size };
};
