import type { Time } from "../../environment/time.ts";

/** A clock that goes on only when it is told to, and its timers. */
export type ManualTime = Time & {
  /** How many timers are set. */
  readonly pending: number;
  /** Goes on, fires what is due in its order, and lets promises settle after each. */
  advance(milliseconds: number): Promise<void>;
};

/** Starts at the real time, so that what is compared with the system's clock stays plausible. */
export const createManualTime = (start = Date.now()): ManualTime => {
  let now = start;
  const due = new Map<object, { readonly at: number; readonly callback: () => void }>();
  const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    now: () => now,
    setTimeout(callback, milliseconds) {
      const timer = {};
      due.set(timer, { at: now + milliseconds, callback });
      return timer;
    },
    clearTimeout: (timer) => void due.delete(timer as object),
    setImmediate: (callback) => setImmediate(callback),
    get pending() {
      return due.size;
    },
    async advance(milliseconds) {
      const end = now + milliseconds;
      for (;;) {
        await nextTurn();
        const [next] = [...due].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
        if (next === undefined) break;
        due.delete(next[0]);
        now = Math.max(now, next[1].at);
        next[1].callback();
      }
      now = end;
    },
  };
};
