import { expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { type Handlers, OperationError, RetryableError } from "../../consumer/handler.ts";
import { defineContract } from "../../contract/contract.ts";
import { operation } from "../../contract/operation.ts";
import { createTellStage, type Tell } from "./invoker-stage.ts";

test("a RetryableError asks for another attempt, and says what the caller gets if there is none", async () => {
  const cause = new Error("ECONNREFUSED");
  const { invoke } = createTellStage(() => {
    throw new RetryableError("PRINTER_AWAY", "The printer is away.", { retryAfterSeconds: 1.5, members: { printer: 7 }, cause });
  });
  expect(await invoke().result).toMatchObject({
    kind: "failed",
    isRetryable: true,
    retryAfterMs: 1_500,
    problem: {
      status: 503,
      title: "Service Unavailable",
      code: "PRINTER_AWAY",
      detail: "The printer is away.",
      retryable: true,
      printer: 7,
    },
    cause: { name: "RetryableError", cause },
  });
});

test("so does an error that the contract calls retryable, with its data as the contract has it", async () => {
  const { invoke } = createTellStage((_, { errors }) => {
    throw errors.NO_PAPER({ tray: 2 });
  });
  const result = await invoke().result;
  expect(result).toMatchObject({
    kind: "failed",
    isRetryable: true,
    problem: { status: 507, code: "NO_PAPER", data: { tray: 2 }, retryable: true },
  });
  expect(result).not.toHaveProperty("retryAfterMs", expect.any(Number));
});

test("the contract's own data is checked there, too", async () => {
  const { invoke } = createTellStage(() => {
    throw new RetryableError("NO_PAPER", "There is no paper.", { members: { data: { tray: "upper" } } });
  });
  expect(await invoke().result).toMatchObject({ kind: "failed", isRetryable: false, problem: { code: "INVALID_REPLY" } });
});

test("any other error of the contract is an answer", async () => {
  const { invoke } = createTellStage((_, { errors }) => {
    throw errors.TOLD();
  });
  const result = await invoke().result;
  expect(result).toMatchObject({ kind: "reply", reply: { state: "failed", data: { code: "TOLD" } } });
  expect(result?.kind === "reply" && result.reply.data).not.toHaveProperty("retryable");
});

test("a retryable error is an OperationError, whose status can be chosen", () => {
  expect(new RetryableError("BUSY", "Busy.", { status: 429 })).toMatchObject({ status: 429, retryAfterSeconds: undefined });
  expect(new RetryableError("BUSY", "Busy.")).toBeInstanceOf(OperationError);
  expect(() => new RetryableError("BUSY", "Busy.", { status: 200 })).toThrow("Expected a status from 400 to 599, got 200");
  for (const retryAfterSeconds of [-1, Number.NaN])
    expect(() => new RetryableError("BUSY", "Busy.", { retryAfterSeconds })).toThrow(
      `Expected retryAfterSeconds of 0 or more, got ${retryAfterSeconds}`,
    );
});

test("a handler knows which attempt it is", async () => {
  const { invoke } = createTellStage((_, { attempt }) => `attempt ${attempt}`);
  expect(await invoke({}, 4).result).toMatchObject({ reply: { data: "attempt 4", attempt: 4 } });
});

test("what a handler may give away follows from its operation", () => {
  type Context = Parameters<Tell>[1];
  expectTypeOf<Parameters<Context["progress"]>>().toEqualTypeOf<[{ percent: number; note?: string | undefined }]>();
  expectTypeOf<Parameters<Context["emit"]>>().toEqualTypeOf<[string]>();
  const contract = defineContract({ plain: operation({ request: z.null(), reply: z.null() }) });
  type Plain = Parameters<Handlers<typeof contract>["plain"]>[1];
  expectTypeOf<keyof Plain & ("progress" | "emit")>().toEqualTypeOf<never>();
});
