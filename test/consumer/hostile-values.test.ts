import { expect, test } from "vitest";
import * as z from "zod";
import { createCancellations } from "../../consumer/cancellations.ts";
import { createHandlerInvoker } from "../../consumer/handler-invoker.ts";
import { readRecord } from "../../consumer/reading.ts";
import { defineContract } from "../../contract/contract.ts";
import { operation } from "../../contract/operation.ts";
import { encodeEvent } from "../../protocol/kafka-record.ts";
import { MAX_ENVELOPE_DEPTH, MAX_JSON_DEPTH } from "../../protocol/limits.ts";
import { createRequestEvent } from "../../protocol/request-event.ts";
import { answerOf, createInvokerStage } from "./invoker-stage.ts";
import { newRequest } from "./requests.ts";

const give = operation({ request: z.strictObject({ lines: z.array(z.strictObject({ a: z.number() })) }), reply: z.json().or(z.unknown()) });

/** What becomes of a request whose handler returns that, and what the log says. */
const resultOf = async (returned: unknown, data: unknown = { lines: [] }) => {
  const { log, replies, stop, time, request } = createInvokerStage(() => undefined);
  const invoke = createHandlerInvoker({
    contract: defineContract({ give }),
    handlers: { give: () => returned },
    replies,
    log,
    stop: stop.signal,
    deliver: async () => true,
    cancellations: createCancellations(),
    time,
  });
  return { result: await invoke({ ...request, operation: "give", data }, 1).result, log };
};

const nested = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);

test.each([
  ["deeper than anybody reads", nested(MAX_JSON_DEPTH + 1), /128 levels/],
  ["so deep that a stack overflows", nested(100_000), /128 levels/],
  ["with a member that schemas drop", JSON.parse('{"byProduct":{"__proto__":1}}'), /__proto__/],
])("a reply %s is not delivered, and the log says why", async (_, returned, message) => {
  const { result, log } = await resultOf(returned);
  expect(result).toMatchObject({ kind: "failed", problem: { status: 500, code: "INVALID_REPLY" } });
  expect(log.lines).toMatchObject([{ level: "error", issues: [{ message: expect.stringMatching(message) }] }]);
});

test("a reply as deep as it may be is delivered", async () => {
  const returned = nested(MAX_JSON_DEPTH);
  expect(answerOf((await resultOf(returned)).result)?.reply).toMatchObject({ state: "succeeded", data: returned });
});

test("what does not fit a request is told by JSON Pointers, and not more of it than one can read", async () => {
  const lines = [...Array.from({ length: 99 }, () => ({})), { a: 1, ["x".repeat(10_000)]: 1 }];
  const { result } = await resultOf(null, { lines });
  const data = answerOf(result)?.reply.data as { errors: { path: string; message: string }[] };
  expect(data).toMatchObject({ status: 422, code: "INVALID_REQUEST", moreErrors: 50 });
  expect(data.errors.map(({ path }) => path)).toEqual(Array.from({ length: 50 }, (_, index) => `/lines/${index}/a`));
  expect(JSON.stringify(data).length).toBeLessThan(16_384);
});

test.each(["binary", "structured"] as const)("a record in %s mode whose data is too deep is refused, and its caller is told", (mode) => {
  const { value, headers } = encodeEvent(createRequestEvent(newRequest({ data: "here" })), mode);
  const deep = `${"[".repeat(MAX_ENVELOPE_DEPTH + 1)}${"]".repeat(MAX_ENVELOPE_DEPTH + 1)}`;
  const reading = readRecord({ headers, value: value.replace('"here"', deep) });
  const error = { code: "INVALID_RECORD", detail: "Expected at most 136 levels of objects and arrays." };
  expect(reading).toMatchObject(mode === "binary" ? { kind: "refused", error } : { kind: "dead" });
});
