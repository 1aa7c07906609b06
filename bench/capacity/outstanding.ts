import { fileURLToPath } from "node:url";
import { duringLifetime } from "../lifetime.ts";
import { readOpenFilesLimit } from "../open-files.ts";
import type { Pace } from "../pace.ts";
import { startBenchStack, type StackLog } from "../path/stack.ts";
import { knowsProportionalMemory } from "../proportional-memory.ts";
import { type MemorySum, readMemorySum, watchMemorySum } from "./memory-sum.ts";
import { runWaitingCallers, type WaitingCallers } from "./waiting-callers.ts";

/** Many requests under way at once, and what all processes of the stack hold for them. */
export type Outstanding = {
  readonly callers: WaitingCallers;
  readonly handlerMs: number;
  readonly rampMs: number;
  /** Before the first request. */
  readonly idle: MemorySum;
  readonly peak: MemorySum;
};

/** A shard lets 5,000 callers wait. Requests choose theirs by chance, so that two would be too few for twice as many. */
export const OUTSTANDING_SHARDS = 4;
/** As many as the consumer may be told to run at once. */
const CONCURRENCY = 10_000;
/** What a process has open beside the connections that are measured. */
const OTHER_FILES = 500;
/** Some of them come late, and all have to come before the first is answered. */
const RAMP_SHARE = 0.8;

const SLOW_CONSUMER = fileURLToPath(new URL("slow-consumer.ts", import.meta.url));

/** Why so many connections cannot be measured here, and what it takes; undefined if they can. */
export const findObstacle = (count: number, isLinux = knowsProportionalMemory, limit = isLinux ? readOpenFilesLimit() : 0) => {
  if (!isLinux) return "It takes Linux, which tells how much memory several processes hold together.";
  const least = count + OTHER_FILES;
  if (limit < least)
    return `A process may have ${limit} files open, and ${count} connections take ${least}: run \`ulimit -n ${least}\` before.`;
  return undefined;
};

/** Starts a stack whose handler takes a while, and has as many callers wait for it as the pace says. */
export const measureOutstanding = (log: StackLog, { outstanding: count, outstandingHandlerMs: handlerMs }: Pace): Promise<Outstanding> => {
  const variables = { MAILBOX_SHARDS: String(OUTSTANDING_SHARDS), CONSUMER_CONCURRENCY: String(CONCURRENCY) };
  return duringLifetime(startBenchStack(log, { variables }), async (stack) => {
    await stack.startConsumer({ program: { file: SLOW_CONSUMER, args: [String(handlerMs)] } });
    const rampMs = handlerMs * RAMP_SHARE;
    const idle = await readMemorySum(stack.processes());
    const watch = await watchMemorySum(stack.processes());
    try {
      const callers = await runWaitingCallers(stack.workerUrl, { count, rampMs, handlerMs });
      return { callers, handlerMs, rampMs, idle, peak: watch.peak() };
    } finally {
      watch.end();
    }
  });
};
