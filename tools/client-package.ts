import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { writeDeclarations } from "./declarations.ts";
import { ROOT } from "./root.ts";

/** The oldest syntax that the package needs: what Node 20 and browsers of 2022 read. */
const TARGET = "es2022";

/**
 * Builds client/ as an npm package for those whose code is elsewhere: one ES module, its declarations, and what a package needs.
 * @throws Error if client/ does not compile
 */
export const buildClientPackage = async (directory = join(ROOT, "build/client")): Promise<void> => {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
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
    writeDeclarations(["client/index"], join(directory, "types")),
    writeFile(join(directory, "package.json"), `${JSON.stringify(await manifest(), undefined, 2)}\n`),
    copyFile(join(ROOT, "docs/client.md"), join(directory, "README.md")),
    copyFile(join(ROOT, "LICENSE"), join(directory, "LICENSE")),
  ]);
};

const manifest = async () => {
  const { version, license } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { version: string; license: string };
  return {
    name: "@rejoinder/client",
    version,
    license,
    description: "Calls operations of a rejoinder Worker from a browser or Node.",
    type: "module",
    sideEffects: false,
    engines: { node: ">=20.3" },
    exports: { ".": { types: "./types/client/index.d.ts", default: "./index.js" } },
  };
};
