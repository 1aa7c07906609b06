const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/**
 * Lets time pass: at least `leastMs`, and after failures longer each time, up to ten seconds, by chance, so that not all callers come back at
 * once. When a browser is back on a network, or the signal is aborted, it ends early.
 */
export const pause = (leastMs: number, failures: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const mostMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
    const timer = setTimeout(end, Math.max(leastMs, (mostMs * (1 + Math.random())) / 2));
    globalThis.addEventListener?.("online", end);
    signal.addEventListener("abort", end);
  });
