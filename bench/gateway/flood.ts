import { duringLifetime } from "../lifetime.ts";
import { type Measurement, measureLoad } from "../load.ts";
import type { GatewayProcess } from "./gateway-process.ts";
import { readResidentBytes } from "./resident-memory.ts";
import { type Memory, summarizeMemory } from "./memory.ts";
import { watchMemory } from "./memory-watch.ts";
import { createConsumption, createFetch, createMixedPosts, OK_OR_UNAVAILABLE, TOPICS } from "./requests.ts";
import { startSlowClient } from "./slow-client.ts";

/** How often a gateway took what it was given, and how often it said that it had no room. */
export type Answers = { readonly ok: number; readonly unavailable: number };

/** What became of a gateway that was given more than it could take for a while. */
export type Flood = {
  readonly seconds: number;
  /** Posts a second, and their latencies. */
  readonly load: Measurement;
  readonly produces: Answers;
  /** Consumes and commits. */
  readonly consumes: Answers;
  /** Before it began. */
  readonly idleBytes: number;
  readonly memory: Memory;
  /** The size of the log's folder at the end; of a cluster's log nothing is known. */
  readonly logBytes: number;
};

export const FLOOD_CONNECTIONS = 32;
/** What is kept of each partition, so that a flood of any length fits on the disk. */
export const FLOOD_RETENTION_BYTES = 32 * 1_024 * 1_024;

/** Between two looks at its memory. */
const LONGEST_PAUSE_MS = 1_000;
/** So that each quarter of a short flood has several. */
const LEAST_LOOKS = 20;

/**
 * Produces without a pause, while one consumer takes what it can and another client sends requests and never reads an answer.
 * @throws Error at the first answer that is neither 200 nor 503.
 */
export const runFlood = (starting: Promise<GatewayProcess>, floodMs: number): Promise<Flood> =>
  duringLifetime(starting, async (gateway) => {
    const [produces, consumes] = [createTally(), createTally()];
    const consumption = createConsumption(gateway, { topic: TOPICS.requests, group: "flood", status: OK_OR_UNAVAILABLE });
    const idleBytes = await readResidentBytes(gateway.pid);
    const watch = watchMemory(gateway.pid, Math.min(LONGEST_PAUSE_MS, floodMs / LEAST_LOOKS));
    const slowClient = startSlowClient(createFetch(gateway));
    try {
      const time = { warmUpMs: 0, measureMs: floodMs };
      const [load] = await Promise.all([
        measureLoad(createMixedPosts(gateway), { ...time, connections: FLOOD_CONNECTIONS, onAnswer: produces.count }),
        measureLoad(consumption, { ...time, connections: 1, onAnswer: consumes.count }),
      ]);
      return {
        seconds: floodMs / 1_000,
        load,
        produces: produces.total(),
        consumes: consumes.total(),
        idleBytes,
        memory: summarizeMemory(watch.samples(), floodMs),
        logBytes: await gateway.logBytes(),
      };
    } finally {
      watch.end();
      slowClient.end();
    }
  });

const createTally = () => {
  let [ok, unavailable] = [0, 0];
  return {
    count(status: number): void {
      if (status === 200) ok += 1;
      else unavailable += 1;
    },
    total: (): Answers => ({ ok, unavailable }),
  };
};
