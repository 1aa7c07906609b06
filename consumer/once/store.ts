import { RetryableError } from "../handler.ts";

/** A step of a request. */
export type Step = {
  readonly correlationId: string;
  /** 1 to 200 characters, none of them a control character. */
  readonly name: string;
  /** From then on nobody can ask for the request, in ms since 1970. The store may forget the step. */
  readonly expiresAt: number;
};

/**
 * Keeps the results of steps. `Given` is what a store hands to the function of a step, such as the client of its transaction.
 *
 * Drivers: a file of SQLite, which the consumer uses by itself, and PostgreSQL.
 */
export type OnceStore<Given extends readonly unknown[] = []> = {
  readonly name: string;
  /**
   * Resolves with the result that is recorded for the step. If there is none, runs `run` and records what it resolves with before resolving with
   * it. While `run` runs, other calls for the same step wait for it.
   * @throws whatever `run` throws, and then nothing is recorded
   * @throws RetryableError if the store cannot be reached, and nothing was done
   */
  once(step: Step, run: (...given: Given) => Promise<string>): Promise<string>;
  /** Lets go of what the store opened. */
  close(): Promise<void>;
};

/** Where nobody keeps results. */
export const NO_ONCE_STORE: OnceStore = {
  name: "none",
  once: () => Promise.reject(new Error("This consumer keeps no results of steps.")),
  close: async () => {},
};

/** What a store throws that cannot be reached: the request is handled again. Only the log tells why. */
export const storeAway = (cause: unknown): RetryableError =>
  new RetryableError("STEPS_UNAVAILABLE", "The results of steps cannot be read or recorded at the moment.", { cause });
