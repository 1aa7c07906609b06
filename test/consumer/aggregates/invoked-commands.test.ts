import { expect, test } from "vitest";
import { RefusedCommandError, UnavailableError, type CommandDecider } from "../../../consumer/aggregates/command.ts";
import { createCancellations } from "../../../consumer/cancellations.ts";
import { RetryableError } from "../../../consumer/handler.ts";
import { type AttemptResult, createHandlerInvoker } from "../../../consumer/handler-invoker.ts";
import { createReplies } from "../../../consumer/replies.ts";
import { defineContract } from "../../../contract/contract.ts";
import { createProblem } from "../../../protocol/problem.ts";
import { accounts } from "../../contract/bank.ts";
import { createRecordedLog } from "../log.ts";
import { newRequest } from "../requests.ts";

const COMMIT = { position: "account.0.7.abcdef", aggregateVersion: 3 };
const RECORD = { topic: "account-commands", partition: 0, offset: 4, timestamp: 0, key: "ada", value: "", headers: [] };

const invoke = (decide: CommandDecider["decide"], data: unknown = { account: "ada", cents: 1 }): Promise<AttemptResult | undefined> => {
  const invokeHandler = createHandlerInvoker({
    contract: defineContract({ account: accounts }),
    handlers: {},
    commands: { operations: ["account.credit"], decide },
    replies: createReplies({ source: "/test" }),
    log: createRecordedLog(),
    deliver: async () => true,
    cancellations: createCancellations(),
    stop: new AbortController().signal,
  });
  return invokeHandler(newRequest({ operation: "account.credit", data, expectedVersion: 2 }), 1, RECORD).result;
};

test("the reply of a command says where its commit is, and so does its refusal", async () => {
  let given: Parameters<CommandDecider["decide"]>[0] | undefined;
  const replied = await invoke(async (of) => {
    given = of;
    return { answer: { reply: { balance: 1 } }, ...COMMIT };
  });
  expect(given).toMatchObject({ request: { expectedVersion: 2 }, value: { account: "ada", cents: 1 }, record: RECORD });
  expect(replied).toMatchObject({ kind: "reply", reply: { state: "succeeded", data: { balance: 1 }, ...COMMIT } });

  const error = createProblem("VERSION_MISMATCH", { members: { version: 4 } });
  expect(await invoke(async () => ({ answer: { error }, ...COMMIT }))).toMatchObject({
    kind: "reply",
    reply: { state: "failed", data: { code: "VERSION_MISMATCH", status: 412, version: 4 }, ...COMMIT },
  });
});

test("a request that does not fit is not decided", async () => {
  expect(await invoke(() => expect.unreachable(), { account: "" })).toMatchObject({ reply: { data: { code: "INVALID_REQUEST" } } });
});

test("what keeps a command from being decided is told by its code, and only what may pass is tried again", async () => {
  for (const [thrown, code, isRetryable] of [
    [new UnavailableError("secret words about events"), "AGGREGATE_UNAVAILABLE", true],
    [new RefusedCommandError("INVALID_RECORD", "elsewhere"), "INVALID_RECORD", false],
    [new RefusedCommandError("COMMIT_REJECTED", "too large"), "COMMIT_REJECTED", false],
    [new RetryableError("RATES_AWAY", "later"), "RATES_AWAY", true],
    [new TypeError("a bug"), "HANDLER_FAILED", false],
  ] as const) {
    const result = await invoke(() => Promise.reject(thrown));
    expect(result).toMatchObject({ kind: "failed", problem: { code }, isRetryable });
    expect(JSON.stringify(result?.kind === "failed" ? result.problem : "")).not.toContain("secret");
  }
});
