import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { ROOT } from "./root.ts";

/** The oldest syntax that the package needs: what Node 20 and browsers of 2022 read. */
const TARGET = "es2022";
/** Where `tsc -b` puts the declarations of each folder. */
const DECLARATIONS = join(ROOT, ".types");

/**
 * Builds client/ as an npm package for those whose code is elsewhere: one ES module, its declarations, and what a package needs.
 * @throws Error if client/ does not compile
 */
export const buildClientPackage = async (directory = join(ROOT, "dist/client")): Promise<void> => {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await promisify(execFile)(process.execPath, [join(ROOT, "node_modules/.bin/tsc"), "-b", "client"], { cwd: ROOT });
  await Promise.all([
    build({
      entryPoints: [join(ROOT, "client/index.ts")],
      outfile: join(directory, "index.js"),
      bundle: true,
      format: "esm",
      target: TARGET,
      platform: "neutral",
      logLevel: "silent",
    }),
    writeDeclarations(join(directory, "types")),
    writeFile(join(directory, "package.json"), `${JSON.stringify(await manifest(), undefined, 2)}\n`),
    copyFile(join(ROOT, "docs/client.md"), join(directory, "README.md")),
    copyFile(join(ROOT, "LICENSE"), join(directory, "LICENSE")),
  ]);
};

const manifest = async () => {
  const { version, license } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { version: string; license: string };
  return {
    name: "rejoinder-client",
    version,
    license,
    description: "Calls operations of a rejoinder Worker from a browser or Node.",
    type: "module",
    sideEffects: false,
    engines: { node: ">=20.3" },
    exports: { ".": { types: "./types/client/index.d.ts", default: "./index.js" } },
  };
};

const IMPORT = /(from ")(\.[^"]+)\.ts(")/g;

/** The declarations that a caller can reach, with imports as a published package has them. */
const writeDeclarations = async (directory: string): Promise<void> => {
  const reached = new Set([join(DECLARATIONS, "client/index.d.ts")]);
  for (const file of reached) {
    const text = await readFile(file, "utf8");
    for (const [, , path] of text.matchAll(IMPORT)) reached.add(join(dirname(file), `${path}.d.ts`));
    const target = join(directory, relative(DECLARATIONS, file));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text.replaceAll(IMPORT, "$1$2.js$3"));
  }
};
