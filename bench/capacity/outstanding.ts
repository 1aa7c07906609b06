import { setTimeout as wait } from "node:timers/promises";
import type { Host } from "../../cli/start/part-environments.ts";
import { ask, createHistogram } from "../load.ts";
import type { Pace } from "../pace.ts";
import { type Stack, type StackLog, type StackOptions, startStack } from "../processes.ts";
import { readProportionalBytes, watch } from "../process-figures.ts";
import { ECHO, post } from "../requests.ts";
import { atLeast, atMost, type Result } from "../result.ts";

/** What became of callers who waited: how many did at one moment, how many got the reply to their own request, and what others got instead. */
export type WaitingCallers = {
  readonly count: number;
  readonly mostAtOnce: number;
  readonly right: number;
  readonly wrong: Readonly<Record<string, number>>;
  /** From before connecting to the whole answer, without what the handler took; 0 if nobody got the right one. */
  readonly lateP50Us: number;
  readonly lateP99Us: number;
};

/** After so many callers one asks who does not wait, and must be accepted before as many again have come: more would only be refused. */
const CALLERS_PER_PROBE = 100;
/** The longest that the Worker lets a caller wait. */
const PREFER = { prefer: "wait=25" };

export type WaitingOptions = { readonly count: number; readonly rampMs: number; readonly handlerMs: number };

/**
 * Has `count` callers ask for a sum, each for another one, on a connection of their own, and wait for it. They come at equal distances over
 * `rampMs`, unless the path takes them more slowly. A wrong answer is counted, and ends nothing.
 */
export const runWaitingCallers = async (origin: string, { count, rampMs, handlerMs }: WaitingOptions): Promise<WaitingCallers> => {
  const late = createHistogram();
  const wrong: Record<string, number> = {};
  let [waiting, mostAtOnce] = [0, 0];
  const note = (error: unknown): void => {
    const what = withoutNumbers((error as Error).message);
    wrong[what] = (wrong[what] ?? 0) + 1;
  };
  const call = async (a: number): Promise<void> => {
    mostAtOnce = Math.max(mostAtOnce, ++waiting);
    const sent = performance.now();
    try {
      const { body } = await ask(post(origin, "/requests/sum", { a, b: 1 }, { headers: PREFER }));
      if (body !== JSON.stringify({ sum: a + 1 })) throw new Error(`Expected the sum ${a + 1}, got ${body}`);
      late.recordMs(performance.now() - sent - handlerMs);
    } catch (error) {
      note(error);
    } finally {
      waiting -= 1;
    }
  };
  let probe: Promise<unknown> = Promise.resolve();
  const began = performance.now();
  const calls: Promise<void>[] = [];
  for (let index = 0; index < count; index++) {
    if (index % CALLERS_PER_PROBE === 0 && index > 0) {
      await probe;
      probe = ask(post(origin, "/requests/echo", ECHO, { status: 202 })).catch(note);
    }
    const aheadMs = began + (index * rampMs) / count - performance.now();
    if (aheadMs > 0) await wait(aheadMs);
    calls.push(call(index));
  }
  await Promise.all([...calls, probe]);
  return { count, mostAtOnce, right: late.count(), wrong, lateP50Us: late.percentileUs(50), lateP99Us: late.percentileUs(99) };
};

/** So that the same kind of error is counted as one; an ID is no word either. */
const withoutNumbers = (message: string): string => message.slice(0, 120).replaceAll(/[\w-]{60,}|\d{4,}/g, "…");

/** What the processes of a stack hold, in MiB, by their names, and together as `sum`. */
export type Memory = Readonly<Record<string, number>> & { readonly sum: number };

/** Requests that waited at once, and the memory before they came and at most. */
export type Outstanding = { readonly callers: WaitingCallers; readonly handlerMs: number; readonly idle: Memory; readonly peak: Memory };

/** In workerd a shard lets 5,000 callers wait. Requests choose theirs by chance, so that two would be too few for twice as many. */
const SHARDS = 4;
/** As many as the consumer may be told to run at once. */
const CONCURRENCY = 10_000;
/** Some of them come late, and all have to come before the first is answered. */
const RAMP_SHARE = 0.8;
/** Before those that count: each process has seen its work then, and every connection between them is made. */
const FIRST = { count: 100, rampMs: 1_000 };
const LOOK_MS = 500;

export const measureOutstanding = async (log: StackLog, options: StackOptions, pace: Pace): Promise<Outstanding> => {
  const { outstanding: count, outstandingHandlerMs: handlerMs } = pace;
  const variables = { MAILBOX_SHARDS: String(SHARDS), CONSUMER_CONCURRENCY: String(CONCURRENCY) };
  await using stack = await startStack(log, { ...options, handlerMs, variables });
  const first = await runWaitingCallers(stack.workerUrl, { ...FIRST, handlerMs });
  if (first.right !== first.count) throw new Error(`Expected ${first.count} right answers, got ${JSON.stringify(first)}`);
  const idle = await readMemory(stack);
  using memory = watch(LOOK_MS, () => readMemory(stack));
  const callers = await runWaitingCallers(stack.workerUrl, { count, rampMs: handlerMs * RAMP_SHARE, handlerMs });
  const peak = [idle, ...memory.samples()].reduce((most, now) => (now.sum > most.sum ? now : most));
  return { callers, handlerMs, idle, peak };
};

const readMemory = async (stack: Stack): Promise<Memory> => {
  const all = Object.entries(stack.pids).map(async ([name, pid]) => [name, (await readProportionalBytes(pid)) / 2 ** 20] as const);
  const held = await Promise.all(all);
  return { ...Object.fromEntries(held), sum: held.reduce((sum, [, own]) => sum + own, 0) };
};

const LIMITS_MIB = { node: 500, workerd: 900 } as const;
/** Beyond what the handler takes, for all but a hundredth of the callers. */
const LIMIT_LATE_MS = 300;

/** @param on what, and whose memory is limited */
export const summarizeOutstanding = (on: string, host: Host, { callers, handlerMs, idle, peak }: Outstanding): Result => {
  const { count, mostAtOnce, right, wrong, lateP50Us, lateP99Us } = callers;
  const many = count.toLocaleString("en");
  const rightLine = { name: "right", numbers: { callers: right, "later than the handler, p50 µs": lateP50Us, "p99 µs": lateP99Us } };
  const wrongLines = Object.entries(wrong).map(([name, times]) => ({ name, numbers: { callers: times } }));
  return {
    name: `${many} requests that wait at once for a handler of ${handlerMs / 1_000} s, ${on}`,
    tables: [
      { title: "answers", lines: [rightLine, ...wrongLines] },
      { title: "memory, MiB", lines: [idle, peak].map((numbers, index) => ({ name: index === 0 ? "idle" : "peak", numbers })) },
    ],
    goals: [
      atMost(`memory with ${many} outstanding, all processes`, LIMITS_MIB[host], peak.sum, "MiB"),
      atLeast("right answers among them", count, right, ""),
      atMost("p99 beyond the handler", LIMIT_LATE_MS, lateP99Us / 1_000, "ms"),
    ],
    mismeasured: mostAtOnce === count ? [] : [`outstanding, ${on}: only ${mostAtOnce} of ${count} were under way at once`],
  };
};
