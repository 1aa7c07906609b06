import fc from "fast-check";
import { expect, test } from "vitest";
import { nextAttemptOf } from "../../../consumer/retry/next-attempt.ts";
import type { RetryPolicy } from "../../../contract/retry-policy.ts";

const policy: RetryPolicy = { attempts: 5, firstSeconds: 1, maxSeconds: 5, on: "retryable", order: "keep" };
const failure = { isRetryable: true };
const now = 1_000_000;
const situation = { attempt: 1, deadline: now + 60_000, now, random: () => 1 };

test("pauses double up to the longest, and all of a pause is left to chance", () => {
  const pausesAt = (random: number) =>
    [1, 2, 3, 4]
      .map((attempt) => nextAttemptOf(policy, failure, { ...situation, attempt, random: () => random })?.dueAt)
      .map((at) => (at ?? 0) - now);
  expect(pausesAt(1)).toEqual([1_000, 2_000, 4_000, 5_000]);
  expect(pausesAt(0.5)).toEqual([500, 1_000, 2_000, 2_500]);
  expect(pausesAt(0)).toEqual([0, 0, 0, 0]);
});

test("an error may say how long to wait", () => {
  expect(nextAttemptOf(policy, { ...failure, retryAfterMs: 42_000 }, situation)).toEqual({ attempt: 2, dueAt: now + 42_000 });
});

test("there is none after the last attempt, and none for an error that would come again", () => {
  expect(nextAttemptOf(policy, failure, { ...situation, attempt: 5 })).toBeUndefined();
  expect(nextAttemptOf(policy, { isRetryable: false }, situation)).toBeUndefined();
});

test("none begins at the deadline or after it, whatever the error says", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.option(fc.nat(100_000), { nil: undefined }),
      fc.integer({ min: -10, max: 10_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, retryAfterMs, left, random) => {
        const next = nextAttemptOf(policy, { ...failure, retryAfterMs }, { attempt, now, deadline: now + left, random: () => random });
        return next === undefined || (next.dueAt < now + left && next.dueAt >= now && next.attempt === attempt + 1);
      },
    ),
  );
});
