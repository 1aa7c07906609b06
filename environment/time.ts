/** The clock and the timers of the platform, or those that a test drives by hand. */
export type Time = {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since any fixed point, by a clock that runs on when somebody sets the other one. */
  elapsed(): number;
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
  /** Calls back once the event loop has handled what is ready now. */
  setImmediate(callback: () => void): unknown;
};

/** The longest delay of `setTimeout`, whose count of milliseconds is a signed 32-bit integer: 24.8 days. A longer one fires at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The platform's own. A longer delay than `setTimeout` can take is cut to the longest. */
export const systemTime: Time = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  setTimeout: (callback, milliseconds) => setTimeout(callback, Math.min(milliseconds, MAX_TIMEOUT_MS)),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  setImmediate: (callback) => setImmediate(callback),
};

/** Resolves after some milliseconds, or as soon as the signal aborts; never rejects. */
export const pause = (time: Time, milliseconds: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = (): void => {
      time.clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = time.setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
  });
