import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { ROOT } from "./root.ts";
import { runProgram } from "./program.ts";

/** Where `tsc -b` puts the declarations of each folder. */
const DECLARATIONS = join(ROOT, ".types");
/** A relative import of a TypeScript file, in any of its forms. */
const IMPORT = /((?:from |import\()")(\.[^"]+)\.tsx?(")/g;

/**
 * Writes the declarations that the users of a package can reach, with imports as a published package has them.
 * @param entries modules of this repository, without their ending, such as `contract/index`
 * @throws Error if their folders do not compile
 */
export const writeDeclarations = async (entries: readonly string[], directory: string): Promise<void> => {
  const folders = new Set(entries.map((entry) => entry.split("/")[0] ?? ""));
  await runProgram("tsc", ["-b", ...folders]);
  const reached = new Set(entries.map((entry) => join(DECLARATIONS, `${entry}.d.ts`)));
  for (const file of reached) {
    const text = await readFile(file, "utf8");
    for (const [, , path] of text.matchAll(IMPORT)) reached.add(join(dirname(file), `${path}.d.ts`));
    const target = join(directory, relative(DECLARATIONS, file));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text.replaceAll(IMPORT, "$1$2.js$3"));
  }
};
