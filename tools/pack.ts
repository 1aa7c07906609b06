import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
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
  const output = await runProgram("npm", ["pack", folder, "--pack-destination", into, "--ignore-scripts", "--json"]);
  const [{ filename }] = JSON.parse(output) as [{ filename: string }];
  const file = join(into, filename.replace("@", "").replace("/", "-"));
  return { file, bytes: (await stat(file)).size };
};

/** Builds the library as it is now and packs it. */
export const packLibrary = async (into: string): Promise<Packed> => {
  await rm(into, { recursive: true, force: true });
  await runProgram(process.execPath, ["--conditions=@rejoinder/source", join(ROOT, "tools/run.js"), "build"]);
  return pack(ROOT, into);
};
