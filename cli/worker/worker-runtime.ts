import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { Miniflare, NoOpLog } from "miniflare";
import { bundleWorker } from "./bundle.ts";
import { consoleDirectory } from "./console-files.ts";
import type { Project } from "../project.ts";

export type WorkerRuntimeOptions = {
  /** 0: any free one. */
  readonly port: number;
  readonly project: Pick<Project, "workerEntry" | "compatibilityDate" | "compatibilityFlags">;
  /** Where Durable Objects and KV are kept. */
  readonly directory: string;
  readonly bindings: Readonly<Record<string, string>>;
  /** Another Worker than the project's, bundled: its exports are the default, `Local` and `Mailbox`. */
  readonly script?: string;
  /** Called with the output of workerd each time one was started: at first, and again after a crash. */
  onWorkerd(stdout: Readable, stderr: Readable): void;
};

/** The Worker in workerd, with its storage on disk. */
export type WorkerRuntime = {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
};

/**
 * Starts the Worker on a port of 127.0.0.1. A workerd that dies is replaced on the same port.
 * Rejects if the Worker does not compile, or workerd does not start.
 */
export const startWorkerRuntime = async (options: WorkerRuntimeOptions): Promise<WorkerRuntime> => {
  const { project, port, directory, bindings, onWorkerd } = options;
  const pages = consoleDirectory();
  const script = options.script ?? (await bundleWorker(project.workerEntry));
  const miniflare = new Miniflare({
    log: new NoOpLog(),
    // Miniflare's own entrance, which nobody uses: it is several times slower than the direct socket below.
    host: "127.0.0.1",
    port: 0,
    // Else miniflare asks the network for a sample of `request.cf`.
    cf: false,
    handleRuntimeStdio: onWorkerd,
    name: "rejoinder",
    compatibilityDate: project.compatibilityDate,
    compatibilityFlags: [...project.compatibilityFlags],
    modules: [{ type: "ESModule", path: "worker.js", contents: script }],
    bindings: { ...bindings },
    serviceBindings: kafkaRest(bindings),
    kvNamespaces: ["REPLIES", "KEYS"],
    kvPersist: join(directory, "kv"),
    durableObjects: { MAILBOX: objectOf("Mailbox"), ...objectsOf(script) },
    durableObjectsPersist: join(directory, "durable-objects"),
    assets: { directory: pages, binding: "ASSETS" },
    unsafeDirectSockets: [{ host: "127.0.0.1", port, entrypoint: "Local" }],
  });
  const { origin: url } = await miniflare.unsafeGetDirectURL("rejoinder", "Local");
  return { url, close: () => miniflare.dispose() };
};

const objectOf = (className: string) => ({ className, useSQLite: true });

/** The classes that a bundle exports only if its plans or its views need them. */
const objectsOf = (script: string) => ({
  ...(exports(script, "Limits") && { LIMITS: objectOf("Limits") }),
  ...(exports(script, "Views") && { VIEWS: objectOf("Views") }),
});
const exports = (script: string, name: string): boolean => new RegExp(`^export \\{[^}]*\\b${name}\\b`, "m").test(script);

/** A way to the gateway that does not lead through miniflare's own proxy for outgoing calls, which is JavaScript. */
const kafkaRest = ({ UPSTASH_KAFKA_REST_URL: url }: WorkerRuntimeOptions["bindings"]) =>
  url?.startsWith("http://") === true ? { KAFKA_REST: { external: { address: new URL(url).host, http: {} } } } : {};

/** An empty folder for miniflare's temporary files, which it cannot remove when it is killed. */
export const emptyTemporaryFolder = async (directory: string): Promise<string> => {
  const folder = join(directory, "tmp");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
};
