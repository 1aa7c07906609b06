import { readdir } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { build } from "esbuild";
import { workerConditions } from "./conditions.ts";

export type WorkerBundleOptions = {
  /** The module of the Worker. */
  readonly entry: string;
  /** The files of the page: asked for at the binding ASSETS, everything else at the Worker. */
  readonly consoleDirectory: string;
};

/**
 * Bundles the Worker for miniflare and resolves to its text. Beside the Worker's own default entrypoint there is `Local`, which
 * tells page from API by a set of paths: Cloudflare's asset router, as miniflare emulates it, takes four fifths of the throughput.
 */
export const bundleWorker = async ({ entry, consoleDirectory }: WorkerBundleOptions): Promise<string> => {
  const files = await readdir(consoleDirectory, { recursive: true, withFileTypes: true });
  const paths = files
    .filter((file) => file.isFile() && !["_headers", "_redirects"].includes(file.name))
    .map((file) => `/${relative(consoleDirectory, join(file.parentPath, file.name)).split(sep).join("/")}`);
  return bundleForWorkerd({
    resolveDir: dirname(entry),
    contents: `
        import worker from ${JSON.stringify(entry)};
        export * from ${JSON.stringify(entry)};
        export { worker as default };
        const pages = new Set(${JSON.stringify(["/", ...paths])});
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
    conditions: [...workerConditions()],
    external: ["cloudflare:*", "node:*"],
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
};
