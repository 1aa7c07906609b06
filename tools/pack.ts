import { copyFile, mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { buildConsole } from "./console-build.ts";
import { buildLibrary } from "./library-build.ts";
import { runProgram } from "./program.ts";
import { ROOT } from "./root.ts";

/** A package as npm publishes it. */
export type Packed = { readonly file: string; readonly bytes: number };

/**
 * Packs a folder into a tarball, as npm publishes it.
 * @param into the folder for it; made if it is not there
 */
export const pack = async (folder: string, into: string): Promise<Packed> => {
  await mkdir(into, { recursive: true });
  const [name] = (await runProgram("npm", ["pack", folder, "--pack-destination", into, "--ignore-scripts", "--silent"])).trim().split("\n");
  const file = join(into, name ?? "");
  return { file, bytes: (await stat(file)).size };
};

/** Builds the library into a folder of its own, whatever uses dist/ meanwhile, and packs it. What was in `into` goes. */
export const packLibrary = async (into: string): Promise<Packed> => {
  const staged = join(into, "sdk");
  await rm(into, { recursive: true, force: true });
  await buildLibrary(join(staged, "dist"));
  await buildConsole(join(staged, "dist/console"));
  for (const file of ["package.json", "README.md", "LICENSE", "CHANGELOG.md"]) await copyFile(join(ROOT, file), join(staged, file));
  return pack(staged, into);
};
