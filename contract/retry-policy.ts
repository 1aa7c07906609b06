import { MAX_DURATION_SECONDS } from "../protocol/limits.ts";
import type { Expect } from "./responder.ts";

/** When a failed request is handled again, as a user writes it. No attempt begins after the request's deadline. */
export type RetryDefinition = {
  /** How often it is handled at most, the first time included: 1 to 1,000. Default: 5. */
  readonly attempts?: number;
  /** The longest pause before the second attempt, in seconds; each further pause may be twice as long. All of a pause is left to chance. Default: 1. */
  readonly firstSeconds?: number;
  /** No pause is longer than this, in seconds. Default: 30. */
  readonly maxSeconds?: number;
  /**
   * `retryable`: only what the handler throws as retryable (`RetryableError`, or an error that the contract calls retryable). `any`: every error
   * that is not an answer, bugs among them. Default: `retryable`.
   */
  readonly on?: "retryable" | "any";
  /**
   * `keep`: requests of the same ordering key wait until this one has ended. `give-up`: a request that pauses for more than 30 s leaves its topic
   * for `<topic>-retry`, and the others go on. Default: `keep`.
   */
  readonly order?: "keep" | "give-up";
};

/** The same, complete. */
export type RetryPolicy = Required<RetryDefinition>;

const DEFAULT: RetryPolicy = { attempts: 5, firstSeconds: 1, maxSeconds: 30, on: "retryable", order: "keep" };

/** Checks a definition and fills in its defaults. */
export const completeRetry = (definition: RetryDefinition = {}, expect: Expect): RetryPolicy => {
  const policy = { ...DEFAULT, ...definition };
  const { attempts, firstSeconds, maxSeconds, on, order } = policy;
  const isPause = (seconds: number): boolean => seconds > 0 && seconds <= MAX_DURATION_SECONDS;
  expect(Number.isInteger(attempts) && attempts >= 1 && attempts <= 1_000, "retry.attempts", "a whole number from 1 to 1000", attempts);
  expect(isPause(firstSeconds), "retry.firstSeconds", `more than 0 and at most ${MAX_DURATION_SECONDS}`, firstSeconds);
  expect(
    isPause(maxSeconds) && maxSeconds >= firstSeconds,
    "retry.maxSeconds",
    `from retry.firstSeconds to ${MAX_DURATION_SECONDS}`,
    maxSeconds,
  );
  expect(["retryable", "any"].includes(on), "retry.on", '"retryable" or "any"', on);
  expect(["keep", "give-up"].includes(order), "retry.order", '"keep" or "give-up"', order);
  return Object.freeze(policy);
};
