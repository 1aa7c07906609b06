import { onTestFinished } from "vitest";
import { type EmbeddedEngineOptions, type EmbeddedEngineSeams, openEmbeddedEngine } from "../../gateway/embedded/embedded-engine.ts";
import type { DeclaredTopic, Engine } from "../../gateway/engine.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export type OpenOptions = Partial<Omit<EmbeddedEngineOptions, "topics">> &
  Partial<EmbeddedEngineSeams> & {
    /** Partition counts or whole declarations, by name. */
    readonly topics?: Readonly<Record<string, number | DeclaredTopic>>;
  };

export const SILENT_LOG = { info: () => {}, warn: () => {}, error: () => {} };

/** An embedded engine, by default in a new folder with topic `t` of 4 partitions and `u` of 1. It is not closed by itself. */
export const openEngine = async ({ topics = { t: 4, u: 1 }, time, log = SILENT_LOG, ...options }: OpenOptions = {}) =>
  openEmbeddedEngine(
    { dataDir: options.dataDir ?? (await temporaryFolder()), fsync: "os", ...options, topics: declared(topics) },
    { log, ...(time === undefined ? {} : { time }) },
  );

/** The same, closed with the test. */
export const engineUnderTest = async (options?: OpenOptions): Promise<Engine> => {
  const engine = await openEngine(options);
  onTestFinished(() => engine.close());
  return engine;
};

const declared = (topics: Readonly<Record<string, number | DeclaredTopic>>): ReadonlyMap<string, DeclaredTopic> =>
  new Map(Object.entries(topics).map(([name, topic]) => [name, typeof topic === "number" ? { partitions: topic } : topic]));
