import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { CONSOLE_PATHS } from "../worker/console.ts";

/** The checkout's own folder. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What of console/ is there as it is. */
const COPIED = new Set([".html", ".svg"]);

/**
 * Builds the page: console/main.ts as one browser module, its styles as one sheet, its HTML as it is.
 * @throws Error if console/ does not compile, or makes other files than the Worker serves
 */
export const buildConsole = async (outDirectory = join(ROOT, "dist/console")): Promise<void> => {
  const source = join(ROOT, "console");
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
  for (const entry of await readdir(source)) {
    if (COPIED.has(extname(entry))) await cp(join(source, entry), join(outDirectory, entry));
  }
  const paths = (await readdir(outDirectory)).map((file) => `/${file}`).toSorted();
  const served = CONSOLE_PATHS.filter((path) => path !== "/").toSorted();
  if (paths.join() !== served.join()) throw new Error(`Expected the console to be ${served.join(", ")}, got ${paths.join(", ")}`);
};

/**
 * Bundles the Worker of a module for miniflare and resolves to its text. It has its own default entrypoint again as `Local`: to the default
 * leads Cloudflare's asset router, which takes four fifths of the throughput as miniflare emulates it.
 */
export const bundleWorker = async (entry: string): Promise<string> =>
  bundleForWorkerd({
    resolveDir: ROOT,
    contents: `
        export * from ${JSON.stringify(entry)};
        export { default, default as Local } from ${JSON.stringify(entry)};`,
  });

/** A module as text, and the folder that its imports are relative to. */
export type WorkerdSource = { readonly resolveDir: string; readonly contents: string };

/** Bundles a module for workerd, as text. esbuild's service goes on until it is stopped. @throws Error if it does not compile */
export const bundleForWorkerd = async ({ resolveDir, contents }: WorkerdSource): Promise<string> => {
  const { outputFiles } = await build({
    stdin: { resolveDir, sourcefile: "local.js", contents },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["@rejoinder/source", "workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
};
