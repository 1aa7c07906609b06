import { systemTime, type Time } from "../environment/time.ts";

/** Resolves after everything that this turn of the event loop made ready, and what that queued for its end, has begun. */
export const nextTurn = (time: Time = systemTime): Promise<void> =>
  new Promise((resolve) => void time.setImmediate(() => time.setImmediate(resolve)));

/** A promise's value, or undefined once the signal aborts. The promise itself goes on. */
// Promise.race with one promise that lives as long as the process would keep every call in memory.
export const unlessAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => resolve(undefined);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });

/** A promise's value, or a rejection with the error of `onTimeout` after some milliseconds. The promise itself goes on. */
export const within = async <T>(milliseconds: number, promise: Promise<T>, onTimeout: () => Error, time: Time): Promise<T> => {
  let timer: unknown;
  const timeout = new Promise<never>((_, reject) => {
    timer = time.setTimeout(() => reject(onTimeout()), milliseconds);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    time.clearTimeout(timer);
  }
};
