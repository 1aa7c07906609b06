import { createBackoff } from "../backoff.ts";
import type { Log } from "../../environment/log.ts";
import { pause, platformTimers, type Timers } from "../timers.ts";

/** Repeats a call until it succeeds; undefined once the signal aborts, even while the call is still under way. */
export type Persist = <T>(what: string, call: () => Promise<T>, signal: AbortSignal) => Promise<T | undefined>;

export type PersistOptions = { readonly log: Log; readonly timers?: Timers | undefined; readonly random?: (() => number) | undefined };

/** A gateway that restarts is back within a second: begin with little. */
const RETRY = { firstMs: 250, mostMs: 10_000 };

/** Repeats calls with a growing pause, and says each time why. */
export const createPersist =
  ({ log, timers = platformTimers, random = Math.random }: PersistOptions): Persist =>
  async (what, call, signal) => {
    const backoff = createBackoff({ ...RETRY, random });
    while (!signal.aborted) {
      try {
        return await unlessAborted(call(), signal);
      } catch (error) {
        const milliseconds = Math.round(backoff.nextMs());
        log.warn({ reason: reasonOf(error), retryInMs: milliseconds }, `the gateway cannot be used now: ${what} failed`);
        await pause(milliseconds, signal, timers);
      }
    }
    return undefined;
  };

/** Why a call failed, in a few words: a connection's error has a code, and a message that says less. */
export const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error & { cause?: { code?: string } };
  return cause?.code ?? message;
};

// Not Promise.race with one promise for the whole life of the process: that would remember every call ever made.
const unlessAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => resolve(undefined);
    signal.addEventListener("abort", onAbort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
