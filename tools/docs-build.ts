import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { ROOT } from "./root.ts";

/** What Redoc would load from a host of its maker: its logo, for which there is its name. The page asks its own origin only. */
const FOREIGN = ["https://cdn.redoc.ly/redoc/logo-mini-full.svg", "https://cdn.redoc.ly/redoc/logo-mini.svg"];
const NAME =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='40' height='14'%3E" +
  "%3Ctext y='11' font-family='sans-serif' font-size='12' fill='%23666'%3ERedoc%3C/text%3E%3C/svg%3E";

/**
 * Builds the reference of the API: console/docs with Redoc in it as one browser module, its styles as one sheet, its HTML as it is.
 * @throws Error if console/docs does not compile, or Redoc is another than this was written for
 */
export const buildDocs = async (outDirectory: string): Promise<void> => {
  const source = join(ROOT, "console/docs");
  await build({
    entryPoints: [join(source, "docs.ts"), join(source, "docs.css")],
    outdir: outDirectory,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    // Redoc would search in a worker of its own, made of text. Without, it searches in the page.
    define: { Worker: "undefined" },
    plugins: [ownOrigin],
    banner: { js: `/*! Redoc, https://github.com/Redocly/redoc\n${await readFile(join(ROOT, "node_modules/redoc/LICENSE"), "utf8")}*/` },
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
        contents = contents.replaceAll(address, NAME);
      }
      return { contents };
    });
  },
};
