// A program that runs a Worker of the bench's own in workerd, and the functions that start it.
import { stop as stopEsbuild } from "esbuild";
import { Miniflare, NoOpLog } from "miniflare";
import { childPids } from "../cli/processes/child-process.ts";
import { identifyProcess } from "../cli/processes/process-identity.ts";
import { bundleForWorkerd } from "../cli/worker/bundle.ts";
import { runWorker } from "../cli/worker/run-worker.ts";
import { exitWhenTold } from "./exit-when-told.ts";
import { type StartedProgram, startProgram } from "./processes.ts";

/** The Worker of `npm start`, with the same variables and in the same runtime, which counts what it does. */
export const COUNTED_WORKER = { file: import.meta.filename, args: ["counted"] };

/** A Worker that reads a body and answers: the least that any Worker does with a request. */
export const startEdgePeer = (): Promise<StartedProgram> => startProgram({ name: "edge peer", file: import.meta.filename, args: ["edge"] });

const SOURCES = {
  counted: `import { fetchCounted, Limits, Mailbox } from "./costs/counted/worker.ts";
    export const Local = { fetch: fetchCounted };
    export { Local as default, Limits, Mailbox };`,
  edge: `export default { async fetch(request) { const { a, b } = await request.json(); return Response.json({ sum: a + b }); } };`,
};

const bundle = (name: keyof typeof SOURCES) => bundleForWorkerd({ resolveDir: import.meta.dirname, contents: SOURCES[name] });

const runEdgeWorker = async (): Promise<void> => {
  const contents = await bundle("edge");
  await stopEsbuild();
  const miniflare = new Miniflare({
    log: new NoOpLog(),
    host: "127.0.0.1",
    cf: false,
    compatibilityDate: "2026-08-06",
    modules: [{ type: "ESModule", path: "worker.js", contents }],
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  });
  await miniflare.ready;
  const workerdPid = childPids().find((pid) => identifyProcess(pid)?.command.includes("workerd") === true);
  exitWhenTold(() => miniflare.dispose());
  process.send?.({ type: "ready", url: (await miniflare.unsafeGetDirectURL()).origin, workerdPid });
};

if (import.meta.main) {
  if (process.argv[2] === "edge") await runEdgeWorker();
  else await runWorker(() => bundle("counted")).then(() => process.exit(0));
}
