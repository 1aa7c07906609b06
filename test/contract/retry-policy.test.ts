import { expect, test } from "vitest";
import * as z from "zod";
import { topicsToProvide } from "../../cli/start/topics.ts";
import { defineContract, retriedTopicsOf } from "../../contract/contract.ts";
import { operation } from "../../contract/operation.ts";

const schemas = { request: z.string(), reply: z.string() };
const inTopic = (topic: string) => operation({ ...schemas, topic });
const givingUp = operation({ ...schemas, topic: "slow", retry: { order: "give-up" } });

test("an operation that says nothing of retries is tried five times, with pauses of up to half a minute, and keeps its order", () => {
  const { sum } = defineContract({ sum: operation(schemas) });
  expect(sum.retry).toEqual({ attempts: 5, firstSeconds: 1, maxSeconds: 30, on: "retryable", order: "keep" });
});

test.each([
  ["retry.attempts", { attempts: 0 }],
  ["retry.firstSeconds", { firstSeconds: 0 }],
  ["retry.maxSeconds", { firstSeconds: 10, maxSeconds: 5 }],
  ["retry.on", { on: "all" as never }],
  ["retry.order", { order: "lose" as never }],
])("a wrong %s is refused by that name", (field, retry) => {
  expect(() => defineContract({ sum: operation({ ...schemas, retry }) })).toThrow(`Expected ${field} of operation "sum" to be `);
});

test("only the topics of operations that give up their order have retry topics, with as many partitions", () => {
  const contract = defineContract({ sum: operation(schemas), slow: givingUp });
  expect(retriedTopicsOf(contract)).toEqual(["slow"]);
  expect(topicsToProvide(contract)).toBe("requests:6,requests-dlt:1,slow:6,slow-dlt:1,slow-retry:6");
});

test("a retry topic is for nothing else", () => {
  expect(() => defineContract({ slow: givingUp, other: inTopic("slow-retry") })).toThrow(
    'Expected topic "slow-retry" to have one use, got requests that wait for another attempt and requests to handlers, the latter by operation other',
  );
});
