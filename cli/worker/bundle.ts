import { dirname } from "node:path";
import { build } from "esbuild";
import { workerConditions } from "./conditions.ts";

/**
 * Bundles the Worker of a module for miniflare and resolves to its text. The bundle exports its default entrypoint as `Local`, too: miniflare
 * puts its emulation of Cloudflare's asset router before the default, and that costs four fifths of the throughput.
 */
export const bundleWorker = async (entry: string): Promise<string> =>
  bundleForWorkerd({
    resolveDir: dirname(entry),
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
    conditions: [...workerConditions()],
    external: ["cloudflare:*", "node:*"],
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
};
