import { setTimeout as wait } from "node:timers/promises";
import { createHistogram } from "./histogram.ts";
import { type Caller, type Calls, type Target, toCalls, type Work } from "./load.ts";

/** Rates a second and latencies in microseconds, each from when the call was to be sent. */
export type OpenMeasurement = {
  readonly intendedPerSecond: number;
  /** How often it was really sent: less if calls took so long that no more of them could be under way. */
  readonly ratePerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** How late the generator itself was, since timers have whole milliseconds and callers were busy. Part of the latencies. */
  readonly sentLateP50Us: number;
};

export type OpenLoopOptions = {
  readonly ratePerSecond: number;
  /** How many calls can be under way at once. What is to be sent meanwhile waits, and its latency runs. */
  readonly callers: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** In milliseconds from any fixed point. */
  readonly clock?: Clock;
};

export type Clock = { now(): number; wait(ms: number): Promise<unknown> };

const REAL_CLOCK: Clock = { now: () => performance.now(), wait: (ms) => wait(ms) };

/**
 * Calls at a fixed rate, whether the calls before have ended or not, as callers who know nothing of one another do, and measures those that
 * were to be sent after the warm-up. A closed loop waits with what is slow, and so sends less just when it matters.
 * @throws Error at the first call that fails.
 */
export const measureOpenLoop = async (
  work: Target | Work | Calls,
  { ratePerSecond, callers, warmUpMs, measureMs, clock = REAL_CLOCK }: OpenLoopOptions,
): Promise<OpenMeasurement> => {
  const { open } = toCalls(work);
  const [latencies, lateness] = [createHistogram(), createHistogram()];
  const all = await Promise.all(Array.from({ length: callers }, open));
  const free = [...all];
  const waiting: number[] = [];
  const first = clock.now();
  const begin = first + warmUpMs;
  const failure = Promise.withResolvers<never>();
  const failed = new AbortController();
  let lastSent = begin;

  /** Goes on with what waits for a caller. */
  const call = async (caller: Caller, dueMs: number): Promise<void> => {
    for (let due: number | undefined = dueMs; due !== undefined; due = waiting.shift()) {
      const sent = clock.now();
      await caller.call();
      if (due < begin) continue;
      lastSent = Math.max(lastSent, sent);
      latencies.record(clock.now() - due);
      lateness.record(sent - due);
    }
    free.push(caller);
  };

  const fail = (error: unknown): void => {
    failed.abort();
    failure.reject(error);
  };

  const send = async (): Promise<void> => {
    const calling: Promise<void>[] = [];
    const count = Math.round(((warmUpMs + measureMs) * ratePerSecond) / 1_000);
    for (let index = 0; index < count && !failed.signal.aborted; index++) {
      const due = first + (index * 1_000) / ratePerSecond;
      const aheadMs = due - clock.now();
      if (aheadMs > 0) await clock.wait(aheadMs);
      const caller = free.pop();
      if (caller === undefined) waiting.push(due);
      else calling.push(call(caller, due).catch(fail));
    }
    await Promise.all(calling);
  };

  try {
    await Promise.race([send(), failure.promise]);
  } finally {
    await Promise.all(all.map((caller) => caller.close()));
  }
  return {
    intendedPerSecond: ratePerSecond,
    ratePerSecond: (latencies.count * 1_000) / Math.max(measureMs, lastSent - begin + 1_000 / ratePerSecond),
    p50Us: latencies.percentileUs(50),
    p99Us: latencies.percentileUs(99),
    sentLateP50Us: lateness.percentileUs(50),
  };
};
