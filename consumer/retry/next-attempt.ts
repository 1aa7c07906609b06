import type { RetryPolicy } from "../../contract/retry-policy.ts";
import type { NextAttempt } from "../../protocol/retry-record.ts";
import type { AttemptResult } from "../handler-invoker.ts";

type Failure = Pick<Extract<AttemptResult, { kind: "failed" }>, "isRetryable" | "retryAfterMs" | "untilDeadline">;

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
 * next one would begin after the deadline. Where attempts go on until the deadline, the last one begins there, and finds that it has passed. The pause is as long as the error says, or else random, from zero to a ceiling that doubles.
 */
export const nextAttemptOf = (
  { attempts, firstSeconds, maxSeconds }: RetryPolicy,
  { isRetryable, retryAfterMs, untilDeadline = false }: Failure,
  { attempt, deadline, now, random }: Situation,
): NextAttempt | undefined => {
  if (!isRetryable || (attempt >= attempts && !untilDeadline)) return undefined;
  const ceilingMs = Math.min(firstSeconds * 2 ** (attempt - 1), maxSeconds) * 1_000;
  const dueAt = now + (retryAfterMs ?? Math.round(random() * ceilingMs));
  if (untilDeadline) return { attempt: attempt + 1, dueAt: Math.min(dueAt, deadline) };
  return dueAt < deadline ? { attempt: attempt + 1, dueAt } : undefined;
};
