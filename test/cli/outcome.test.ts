import { expect, test } from "vitest";
import { outcomeOfError, outcomeOfStatus } from "../../cli/outcome.ts";
import { ClientError } from "../../client/client-error.ts";
import { createProblem } from "../../protocol/problem.ts";
import type { StatusBody } from "../../protocol/status.ts";

const TIME = "2026-11-28T12:00:00.000Z";

const status = (parts: Partial<StatusBody>): StatusBody => ({
  correlationId: "ID",
  state: "processing",
  version: 1,
  acceptedAt: TIME,
  updatedAt: TIME,
  deadline: TIME,
  expiresAt: TIME,
  ...parts,
});

const lastError = createProblem("HANDLER_FAILED", { detail: "No connection." });

test("between two attempts, a status says why the last one failed and when the next one begins", () => {
  const { exitCode, text, ...told } = outcomeOfStatus(status({ attempt: 2, lastError, nextAttemptAt: TIME, progress: 40 }));
  expect([exitCode, text]).toEqual([
    3,
    `processing: the request has not ended yet. Attempt 2 begins at ${TIME}, since the one before failed: HANDLER_FAILED: No connection. Ask again: rejoinder status ID --wait 30`,
  ]);
  expect(told).toEqual({ correlationId: "ID", state: "processing", attempt: 2, lastError, nextAttemptAt: TIME, progress: 40 });
});

test("while an attempt is under way, and while a request is being cancelled, it has not ended", () => {
  expect(outcomeOfStatus(status({ attempt: 2, lastError })).text).toContain("Attempt 2 is under way, since");
  expect(outcomeOfStatus(status({ state: "cancelling" }))).toMatchObject({ exitCode: 3, text: expect.stringMatching(/^cancelling: /) });
});

test("a request that was sent again after its deadline names the other one", () => {
  expect(outcomeOfStatus(status({ state: "failed", error: lastError, redrivenAs: "OTHER" }))).toMatchObject({
    exitCode: 1,
    redrivenAs: "OTHER",
    text: "failed: No connection.\nIt was sent again as OTHER.",
  });
});

test("a call about a request that fails does not say that the request has failed", () => {
  const error = new ClientError(createProblem("NOT_SUPPORTED"), { correlationId: "ID" });
  expect(outcomeOfError(error, "http://worker", "call").state).toBeUndefined();
  expect(outcomeOfError(error, "http://worker")).toMatchObject({ exitCode: 1, state: "failed" });
  const away = new ClientError(createProblem("STORE_UNAVAILABLE"), { correlationId: "ID" });
  expect(outcomeOfError(away, "http://worker", "call")).toMatchObject({ exitCode: 4 });
});
