import type { Time } from "../../environment/time.ts";

/** Time that stands still until it is told to go on. */
export type ManualTime = Time & {
  /** Lets time pass and runs the timers that fall due, in order. */
  advance(ms: number): void;
  /** The same, and lets promises settle before each timer and at the end. */
  elapse(ms: number): Promise<void>;
  /** Sets the clock, by so much more than it shows. No time passes. */
  step(ms: number): void;
  /** How many timers are set. */
  timers(): number;
};

/** @param start milliseconds since 1970; the real time where a test compares with the system's clock */
export const createManualTime = (start = Date.parse("2026-01-01T00:00:00Z")): ManualTime => {
  let now = start;
  let steppedMs = 0;
  const timers = new Map<object, { readonly at: number; readonly callback: () => void }>();
  /** Runs the next timer that is due by then; false if there is none. */
  const runNext = (until: number): boolean => {
    const [next] = [...timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at);
    if (next === undefined) return false;
    const [timer, { at, callback }] = next;
    timers.delete(timer);
    now = Math.max(now, at);
    callback();
    return true;
  };
  const promisesSettle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    now: () => now + steppedMs,
    elapsed: () => now,
    setTimeout(callback, ms) {
      const timer = {};
      timers.set(timer, { at: now + ms, callback });
      return timer;
    },
    clearTimeout: (timer) => void timers.delete(timer as object),
    setImmediate: (callback) => setImmediate(callback),
    advance(ms) {
      const until = now + ms;
      while (runNext(until));
      now = until;
    },
    async elapse(ms) {
      const until = now + ms;
      do await promisesSettle();
      while (runNext(until));
      now = until;
    },
    step: (ms) => void (steppedMs += ms),
    timers: () => timers.size,
  };
};
