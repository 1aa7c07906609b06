import { build, stop as stopEsbuild } from "esbuild";
import { Miniflare, NoOpLog } from "miniflare";

/** Starts the Worker and its object in workerd, and says where it is. */
if (import.meta.main) {
  const miniflare = new Miniflare({
    log: new NoOpLog(),
    host: "127.0.0.1",
    cf: false,
    compatibilityDate: "2026-08-06",
    modules: [{ type: "ESModule", path: "worker.js", contents: await bundle() }],
    durableObjects: { MAILBOX: { className: "Mailbox", useSQLite: true } },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  });
  await miniflare.ready;
  process.once("SIGTERM", () => void miniflare.dispose().then(() => process.exit()));
  const url = await miniflare.unsafeGetDirectURL();
  process.send?.({ type: "ready", url: url.origin });
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      resolveDir: import.meta.dirname,
      contents:
        'import { handleAtEdge } from "./worker.ts"; export { Mailbox } from "./worker.ts"; export default { fetch: handleAtEdge };',
    },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    external: ["cloudflare:*"],
    logLevel: "silent",
  });
  await stopEsbuild();
  return outputFiles[0]?.text ?? "";
}
