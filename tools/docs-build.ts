import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { ROOT } from "./root.ts";

/** Where Redoc would ask hosts of its maker: its logo. The page asks its own origin only. */
const FOREIGN = ["https://cdn.redoc.ly/redoc/logo-mini-full.svg", "https://cdn.redoc.ly/redoc/logo-mini.svg"];

/**
 * Builds the reference of the API: console/docs with Redoc in it as one browser module, its styles as one sheet, its HTML as it is.
 * @throws Error if console/docs does not compile, or Redoc is another than this was written for
 */
export const buildDocs = async (outDirectory = join(ROOT, "dist/docs")): Promise<void> => {
  const source = join(ROOT, "console/docs");
  await rm(outDirectory, { recursive: true, force: true });
  await mkdir(outDirectory, { recursive: true });
  await build({
    entryPoints: [join(source, "docs.ts"), join(source, "docs.css")],
    outdir: outDirectory,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    plugins: [ownOrigin],
    logLevel: "silent",
  });
  await cp(join(source, "docs.html"), join(outDirectory, "docs.html"));
};

/** Takes the addresses of other hosts out of Redoc. */
const ownOrigin: Plugin = {
  name: "own-origin",
  setup({ onLoad }) {
    onLoad({ filter: /redoc\.standalone\.js$/ }, async ({ path }) => {
      let contents = await readFile(path, "utf8");
      for (const address of FOREIGN) {
        if (!contents.includes(address)) throw new Error(`Expected Redoc to name ${address}. Look at what its version asks for now.`);
        contents = contents.replaceAll(address, "data:,");
      }
      return { contents };
    });
  },
};
