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
  /** Before all of them come. */
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

const FIRST_CALLERS = 100;
const FIRST_RAMP_MS = 1_000;

const SLOW_CONSUMER = fileURLToPath(new URL("slow-consumer.ts", import.meta.url));

/** Why so many connections cannot be measured here, and what it takes; undefined if they can. */
export const findObstacle = (count: number, isLinux = knowsProportionalMemory, limit = isLinux ? readOpenFilesLimit() : 0) => {
  if (!isLinux) return "It takes Linux, which tells how much memory several processes hold together.";
  const least = count + OTHER_FILES;
  if (limit < least)
    return `A process may have ${limit} files open, and ${count} connections take ${least}: run \`ulimit -n ${least}\` before.`;
  return undefined;
};

/**
 * Starts a stack whose handler takes a while, and has as many callers wait for it as the pace says. Where the first are answered before the
 * last have come, it does so again with a handler that takes twice as long.
 */
export const measureOutstanding = async (log: StackLog, pace: Pace, say: (line: string) => void): Promise<Outstanding> => {
  const { outstanding: count, outstandingHandlerMs: handlerMs } = pace;
  const measured = await measureOnce(log, count, handlerMs);
  if (measured.callers.mostAtOnce === count) return measured;
  say(`only ${measured.callers.mostAtOnce} were under way at once; again with a handler of ${(2 * handlerMs) / 1_000} s`);
  return measureOnce(log, count, 2 * handlerMs);
};

const measureOnce = (log: StackLog, count: number, handlerMs: number): Promise<Outstanding> => {
  const variables = { MAILBOX_SHARDS: String(OUTSTANDING_SHARDS), CONSUMER_CONCURRENCY: String(CONCURRENCY) };
  return duringLifetime(startBenchStack(log, { variables }), async (stack) => {
    await stack.startConsumer({ program: { file: SLOW_CONSUMER, args: [String(handlerMs)] } });
    const rampMs = handlerMs * RAMP_SHARE;
    // So that each has seen its work, and every connection between them is made.
    const first = await runWaitingCallers(stack.workerUrl, { count: FIRST_CALLERS, rampMs: FIRST_RAMP_MS, handlerMs });
    if (first.right < FIRST_CALLERS) throw new Error(`Expected the first callers to get their replies, got ${JSON.stringify(first.wrong)}`);
    const idle = await readMemorySum(stack.processes());
    const watch = await watchMemorySum(stack.processes());
    try {
      const callers = await runWaitingCallers(stack.workerUrl, { count, rampMs, handlerMs });
      return { callers, handlerMs, idle, peak: watch.peak() };
    } finally {
      watch.end();
    }
  });
};
