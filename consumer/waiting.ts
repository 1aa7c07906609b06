/** Milliseconds since 1970. */
export type Clock = () => number;

/** The platform's timers, or those of a scheduler that a test drives. */
export type Timers = {
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
  /** After what is already under way in this turn of the event loop. */
  setImmediate(callback: () => void): unknown;
};

/** Longer than this and `setTimeout` fires at once (a signed 32-bit count of milliseconds): 24.8 days. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The platform's own timers. A delay past their range is cut to it. */
export const platformTimers: Timers = {
  setTimeout: (callback, milliseconds) => setTimeout(callback, Math.min(milliseconds, MAX_TIMEOUT_MS)),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  setImmediate: (callback) => setImmediate(callback),
};

/** Resolves after some milliseconds, or as soon as the signal aborts; never rejects. */
export const pause = (milliseconds: number, signal: AbortSignal, timers: Timers = platformTimers): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      timers.clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = timers.setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
  });

/** Resolves when everything has begun that this turn of the event loop, and what it queued for its end, have made ready. */
export const nextTurn = (timers: Timers = platformTimers): Promise<void> =>
  new Promise((resolve) => void timers.setImmediate(() => timers.setImmediate(resolve)));

/** A promise's value, or undefined once the signal aborts. The promise itself goes on. */
// Not Promise.race with one promise for the whole life of the process: that would remember every call ever made.
export const unlessAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => resolve(undefined);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });

/** A promise's value, or a rejection with the error of `onTimeout` after some milliseconds. The promise itself goes on. */
export const within = async <T>(milliseconds: number, promise: Promise<T>, onTimeout: () => Error, timers: Timers): Promise<T> => {
  let timer: unknown;
  const timeout = new Promise<never>((_, reject) => {
    timer = timers.setTimeout(() => reject(onTimeout()), milliseconds);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    timers.clearTimeout(timer);
  }
};
