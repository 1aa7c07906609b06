import type { RetryPolicy } from "../../contract/retry-policy.ts";
import type { NextAttempt } from "../../protocol/retry-record.ts";
import type { AttemptResult } from "../handler-invoker.ts";

type Failure = Pick<Extract<AttemptResult, { kind: "failed" }>, "isRetryable" | "retryAfterMs">;

type Situation = {
  /** The attempt that has failed, from 1. */
  readonly attempt: number;
  /** No attempt begins later: milliseconds since 1970. */
  readonly deadline: number;
  readonly now: number;
  /** From 0 up to 1. */
  readonly random: () => number;
};

/**
 * The attempt after one that has failed, or undefined if there is none: the error is not one to try again, it was the last attempt, or the
 * next one would begin after the deadline. The pause is as long as the error says, or else random, from zero to a ceiling that doubles.
 */
export const nextAttemptOf = (
  { attempts, firstSeconds, maxSeconds }: RetryPolicy,
  { isRetryable, retryAfterMs }: Failure,
  { attempt, deadline, now, random }: Situation,
): NextAttempt | undefined => {
  if (!isRetryable || attempt >= attempts) return undefined;
  const ceilingMs = Math.min(firstSeconds * 2 ** (attempt - 1), maxSeconds) * 1_000;
  const dueAt = now + (retryAfterMs ?? Math.round(random() * ceilingMs));
  return dueAt < deadline ? { attempt: attempt + 1, dueAt } : undefined;
};
