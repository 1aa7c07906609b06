import { expect, test } from "vitest";
import { ERRORS, RejoinderError } from "../../protocol/errors.ts";
import { createProblem, isProblem, problemOf } from "../../protocol/problem.ts";

test("every error of the table is a problem with a status of its own kind, and only what time mends may be retried as it is", () => {
  for (const [code, { status, retryable }] of Object.entries(ERRORS)) {
    expect(isProblem(createProblem(code as keyof typeof ERRORS))).toBe(true);
    expect(status >= 400 && status < 600).toBe(true);
    expect(retryable).toBe(status === 503 || code === "RATE_LIMITED");
  }
});

test("a problem shows its detail and members, and says when it may be retried", () => {
  const error = new RejoinderError("OVERLOADED", { detail: "Too much.", members: { limit: 5 } });
  expect(problemOf(error)).toEqual({
    type: "about:blank",
    title: ERRORS.OVERLOADED.title,
    status: 503,
    code: "OVERLOADED",
    detail: "Too much.",
    retryable: true,
    limit: 5,
  });
});

test("an error from elsewhere shows nothing of itself", () => {
  expect(JSON.stringify(problemOf(new Error("password=hunter2")))).not.toContain("hunter2");
  expect(problemOf(new Error("password=hunter2"))).toMatchObject({ status: 500, code: "INTERNAL" });
});
