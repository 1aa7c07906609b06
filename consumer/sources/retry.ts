import { pause, systemTime, type Time } from "../../environment/time.ts";
import { createBackoff } from "../backoff.ts";
import { unlessAborted } from "../waiting.ts";

/**
 * Repeats a call until it succeeds; undefined once the signal aborts, even while the call is still under way.
 * @throws what the call threw, if that is fatal.
 */
export type Retry = <T>(what: string, call: () => Promise<T>, signal: AbortSignal) => Promise<T | undefined>;

type RetryOptions = {
  readonly log: { warn(line: { readonly reason: string; readonly retryInMs: number }, message: string): void };
  /** What cannot be used while calls fail, for people. */
  readonly subject?: string;
  /** Why a call failed, for people. */
  describe?(error: unknown): string;
  /** Whether it is useless to repeat the call. */
  isFatal?(error: unknown): boolean;
  readonly time?: Time | undefined;
  readonly random?: (() => number) | undefined;
};

/** A gateway that restarts is back within a second, so the first pause is short. */
const BACKOFF = { firstMs: 250, mostMs: 10_000 };

/** Repeats calls with growing pauses, and logs each failure. */
export const createRetry =
  ({ log, subject = "the gateway", describe = reasonOf, isFatal = () => false, time = systemTime, random }: RetryOptions): Retry =>
  async (what, call, signal) => {
    const backoff = createBackoff({ ...BACKOFF, random });
    while (!signal.aborted) {
      try {
        return await unlessAborted(call(), signal);
      } catch (error) {
        if (isFatal(error)) throw error;
        const milliseconds = Math.round(backoff.nextMs());
        log.warn({ reason: describe(error), retryInMs: milliseconds }, `${subject} cannot be used now: ${what} failed`);
        await pause(time, milliseconds, signal);
      }
    }
    return undefined;
  };

/** Why a call failed, in a few words: a connection's error has a code, and a message that says less. */
export const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error & { cause?: { code?: string } };
  return cause?.code ?? message;
};
