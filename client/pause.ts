const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/**
 * Waits at least `leastMs`, and longer after each failure, up to ten seconds, at random, so that callers do not all return at once. It ends early
 * when the browser is back on a network, or when the signal aborts.
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
