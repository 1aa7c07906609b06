import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { defineConsumer } from "../../consumer/define-consumer.ts";
import { createErrors, type Handlers, OperationError, withStatus } from "../../consumer/handler.ts";
import { defineContract } from "../../contract/contract.ts";
import { operation } from "../../contract/operation.ts";

const contract = defineContract({
  sum: operation({ request: z.strictObject({ a: z.number(), b: z.number() }), reply: z.strictObject({ sum: z.number() }) }),
  close: operation({
    request: z.string(),
    reply: z.null(),
    errors: { ACCOUNT_CLOSED: { status: 409, data: z.strictObject({ since: z.iso.date() }) }, NOBODY: { status: 404 } },
  }),
  price: operation({
    request: z.string(),
    reply: z.number(),
    responder: { headers: "spring", requestTopic: "price.requests", replyTopic: "price.replies" },
  }),
});
const handlers: Handlers<typeof contract> = { sum: ({ a, b }) => ({ sum: a + b }), close: () => null };

describe("the handlers of a contract", () => {
  test("are one for each operation that no responder answers, by their types", () => {
    type Complete = Handlers<typeof contract>;
    expectTypeOf<keyof Complete>().toEqualTypeOf<"sum" | "close">();
    expectTypeOf<Omit<Complete, "close">>().not.toExtend<Complete>();
    expectTypeOf<Parameters<Complete["sum"]>[0]>().toEqualTypeOf<{ a: number; b: number }>();
  });

  test("are refused where one is missing, or where there is no such operation", () => {
    const { sum, close } = handlers;
    // @ts-expect-error -- one is missing
    expect(() => defineConsumer({ contract, handlers: { sum } })).toThrow(
      'Expected a handler for operation "close". Add a function of that name to handlers.',
    );
    const more = { sum, close, total: () => null };
    expect(() => defineConsumer({ contract, handlers: more })).toThrow(
      'Expected no handler "total": the contract has no such operation. The operations with handlers are sum, close.',
    );
    expect(() => defineConsumer({ contract, handlers: { ...handlers, price: () => 1 } as never })).toThrow(
      'Expected no handler "price": a responder answers that operation.',
    );
  });
});

describe("the errors of an operation", () => {
  test("are made by their code, with the data of the contract and, if given, a sentence for people", () => {
    const errors = createErrors(contract.close.errors) as unknown as Parameters<(typeof handlers)["close"]>[1]["errors"];
    expect(errors.ACCOUNT_CLOSED({ since: "2026-01-01" })).toMatchObject({
      status: 409,
      code: "ACCOUNT_CLOSED",
      message: "Conflict",
      members: { data: { since: "2026-01-01" } },
    });
    expect(errors.NOBODY("There is nobody to greet.")).toMatchObject({ status: 404, code: "NOBODY", message: "There is nobody to greet." });
    // @ts-expect-error -- the data has another shape
    void (() => errors.ACCOUNT_CLOSED({ until: "2026-01-01" }));
    // @ts-expect-error -- the contract has no such error
    void (() => errors.OTHER());
  });
});

test.each([199, 300, 200.5])("a success cannot have the status %d", (status) => {
  expect(() => withStatus(status, {})).toThrow(RangeError);
});

test.each([399, 600, Number.NaN])("a failure cannot have the status %d", (status) => {
  expect(() => new OperationError(status, "CODE", "detail")).toThrow(RangeError);
});
