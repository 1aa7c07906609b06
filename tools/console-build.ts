import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { build } from "esbuild";
import { CONSOLE_PATHS } from "../worker/console.ts";
import { DOCS_PATHS } from "../worker/docs.ts";
import { buildDocs } from "./docs-build.ts";
import { ROOT } from "./root.ts";

/** What of console/ is there as it is. */
const COPIED = new Set([".html", ".svg"]);

/**
 * Builds the page: console/main.ts as one browser module, its styles as one sheet, its HTML as it is. The reference of the API goes beside it.
 * @throws Error if console/ does not compile or makes other files than the Worker serves
 */
export const buildConsole = async (outDirectory = join(ROOT, "dist/console")): Promise<void> => {
  const source = join(ROOT, "console");
  const entries = await readdir(source);
  await rm(outDirectory, { recursive: true, force: true });
  await mkdir(outDirectory, { recursive: true });
  await build({
    entryPoints: [
      { in: join(source, "main.ts"), out: "main" },
      { in: join(source, "style/main.css"), out: "main" },
    ],
    outdir: outDirectory,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    conditions: ["@rejoinder/source"],
    logLevel: "silent",
  });
  for (const entry of entries) if (COPIED.has(extname(entry))) await cp(join(source, entry), join(outDirectory, entry));
  await buildDocs(outDirectory);
  const paths = (await readdir(outDirectory)).map((file) => `/${file}`).toSorted();
  const served = [...CONSOLE_PATHS, ...DOCS_PATHS].filter((path) => path.includes(".")).toSorted();
  if (paths.join() !== served.join()) throw new Error(`Expected the console to be ${served.join(", ")}, got ${paths.join(", ")}`);
};
