import type { Time } from "../../environment/time.ts";

/** Time that stands still until it is told to go on. */
export type ManualTime = Time & {
  /** Lets time pass and runs the timers that fall due, in order. */
  advance(ms: number): void;
  /** How many timers are set. */
  timers(): number;
};

export const createManualTime = (): ManualTime => {
  let now = Date.parse("2026-01-01T00:00:00Z");
  const timers = new Map<object, { readonly at: number; readonly callback: () => void }>();
  const due = (until: number) => [...timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at)[0];
  return {
    now: () => now,
    setTimeout(callback, ms) {
      const timer = {};
      timers.set(timer, { at: now + ms, callback });
      return timer;
    },
    clearTimeout: (timer) => void timers.delete(timer as object),
    setImmediate: (callback) => setImmediate(callback),
    advance(ms) {
      const until = now + ms;
      for (let next = due(until); next !== undefined; next = due(until)) {
        const [timer, { at, callback }] = next;
        timers.delete(timer);
        now = at;
        callback();
      }
      now = until;
    },
    timers: () => timers.size,
  };
};
