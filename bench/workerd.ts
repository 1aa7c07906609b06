// A program that runs a Worker of the bench's own in workerd, and the functions that start it.
import { stop as stopEsbuild } from "esbuild";
import { Miniflare, NoOpLog } from "miniflare";
import { bundleForWorkerd } from "../cli/worker/bundle.ts";
import { runWorker } from "../cli/worker/run-worker.ts";
import { exitWhenTold } from "./exit-when-told.ts";
import type { Cluster } from "./kafka/cluster.ts";
import type { NaiveEnv } from "./peers/workers.ts";
import { type StartedProgram, startGateway, startProgram, startTogether } from "./processes.ts";

/** The Worker of `npm start`, with the same variables and in the same runtime, which counts what it does. */
export const COUNTED_WORKER = { file: import.meta.filename, args: ["counted"] };

/** A Worker that reads a body and answers. */
export const startEdgePeer = (): Promise<StartedProgram> => startWorker("edge");

const NAIVE_TOPIC = "naive-accepted";

/** A Worker that accepts requests and produces them by itself, with a gateway of its own. Nobody replies. */
export const startNaivePeer = async (cluster: Cluster): Promise<AsyncDisposable & { readonly url: string }> => {
  const gateway = await startGateway({ kafkaBrokers: cluster.brokers }, [`${NAIVE_TOPIC}:6`]);
  const env = { KAFKA_REST_URL: gateway.url, KAFKA_REST_AUTHORIZATION: gateway.authorization, TOPIC: NAIVE_TOPIC };
  const together = await startTogether([startWorker("naive", env), Promise.resolve(gateway)]);
  return { ...together, url: together.started[0].url };
};

const startWorker = (name: keyof typeof SOURCES, env?: NaiveEnv): Promise<StartedProgram> =>
  startProgram({ name: `${name} peer`, file: import.meta.filename, args: [name, JSON.stringify(env ?? {})] });

const SOURCES = {
  counted: `import { fetchCounted, Mailbox } from "./costs/counted/worker.ts";
    export const Local = { fetch: fetchCounted }; export { Local as default, Mailbox };`,
  edge: 'import { handleAtEdge } from "./peers/workers.ts"; export default { fetch: handleAtEdge };',
  naive: 'import { acceptNaively } from "./peers/workers.ts"; export default { fetch: acceptNaively };',
};

const bundle = (name: keyof typeof SOURCES) => bundleForWorkerd({ resolveDir: import.meta.dirname, contents: SOURCES[name] });

const runSmallWorker = async (name: keyof typeof SOURCES, env: Partial<NaiveEnv>): Promise<void> => {
  const contents = await bundle(name);
  await stopEsbuild();
  const { KAFKA_REST_URL: proxy } = env;
  const miniflare = new Miniflare({
    log: new NoOpLog(),
    host: "127.0.0.1",
    cf: false,
    compatibilityDate: "2026-08-06",
    modules: [{ type: "ESModule", path: "worker.js", contents }],
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    bindings: env,
    // Or every fetch of the Worker would go through a proxy of miniflare, written in JavaScript, which no deployment has.
    ...(proxy !== undefined && { outboundService: { external: { address: new URL(proxy).host, http: {} } } }),
  });
  await miniflare.ready;
  exitWhenTold(() => miniflare.dispose());
  process.send?.({ type: "ready", url: (await miniflare.unsafeGetDirectURL()).origin });
};

if (import.meta.main) {
  const [name, env = "{}"] = process.argv.slice(2) as [keyof typeof SOURCES, string?];
  if (name !== "counted") await runSmallWorker(name, JSON.parse(env) as Partial<NaiveEnv>);
  else await runWorker(() => bundle("counted")).then(() => process.exit(0));
}
