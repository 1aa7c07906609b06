import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The checkout's own folder. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What of console/ is there as it is. */
const COPIED = new Set([".html", ".svg"]);

/**
 * Builds the page: console/main.ts as one browser module, its styles as one sheet, its HTML as it is. Resolves to the paths it can be asked for.
 * @throws Error if console/ does not compile or has no index.html.
 */
export const buildConsole = async (outDirectory = join(ROOT, "dist/console")): Promise<readonly string[]> => {
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
  const files = await readdir(outDirectory, { recursive: true, withFileTypes: true });
  const paths = files
    .filter((file) => file.isFile())
    .map((file) => `/${relative(outDirectory, join(file.parentPath, file.name)).split(sep).join("/")}`);
  if (!paths.includes("/index.html")) throw new Error("Expected console/index.html, the first page, to be there");
  return paths;
};

export type WorkerBundleOptions = {
  /** Paths of the page: asked for at the binding ASSETS, everything else at the Worker. */
  readonly consolePaths: readonly string[];
  /** The module of the Worker. */
  readonly entry: string;
};

/**
 * Bundles the Worker for miniflare and resolves to its text. Beside the Worker's own default entrypoint there is `Local`, which
 * tells page from API by a set of paths: Cloudflare's asset router, as miniflare emulates it, takes four fifths of the throughput.
 */
export const bundleWorker = async ({ consolePaths, entry }: WorkerBundleOptions): Promise<string> => {
  const pages = ["/", ...consolePaths.filter((path) => path !== "/_headers" && path !== "/_redirects")];
  return bundleForWorkerd({
    resolveDir: ROOT,
    contents: `
        import worker from ${JSON.stringify(entry)};
        export * from ${JSON.stringify(entry)};
        export { worker as default };
        const pages = new Set(${JSON.stringify(pages)});
        const path = /^https?:\\/\\/[^/]*([^?#]*)/;
        export const Local = {
          fetch: (request, env, context) =>
            pages.has(path.exec(request.url)?.[1]) ? env.ASSETS.fetch(request) : worker.fetch(request, env, context),
        };`,
  });
};

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
