import type { Clock } from "../../bench/open-loop.ts";

/** A clock on which time passes only when nobody has anything else to do. */
export const createVirtualClock = (): Clock => {
  let nowMs = 0;
  let timers: { readonly at: number; ring(): void }[] = [];
  const pass = (): void => {
    const [next, ...later] = timers.toSorted((one, other) => one.at - other.at);
    if (next === undefined) return;
    timers = later;
    nowMs = next.at;
    next.ring();
    setImmediate(pass);
  };
  return {
    now: () => nowMs,
    wait: (ms) =>
      new Promise<void>((resolve) => {
        if (timers.length === 0) setImmediate(pass);
        timers.push({ at: nowMs + ms, ring: resolve });
      }),
  };
};
