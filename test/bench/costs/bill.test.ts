import { expect, test } from "vitest";
import { billOf, summarizeBills, type Usage } from "../../../bench/costs/bill.ts";

const usage = (counts: Usage["counts"]): Usage => ({ name: "wait, 32", requests: 1_000, counts });
const keeping = (counts: Usage["counts"]): Usage => ({ name: "for an hour", requests: 2_000, counts });

test("requests of the caller and of the consumer are told apart", () => {
  const { numbers } = billOf(usage({ "POST /requests": 1_000, "GET /status": 500, "POST /replies": 100, "workerd CPU ms": 1_000 }));
  expect(numbers["requests of the caller"]).toBeCloseTo(0.45);
  expect(numbers["requests of the consumer"]).toBeCloseTo(0.03);
  expect(numbers["CPU"]).toBeCloseTo(0.02);
});

test("each call of an object is a request of its own, and an alarm is nobody's", () => {
  const { numbers } = billOf(usage({ "call requests": 1_000, "call deliver": 100, "call alarm": 7, "object ms": 10_000 }));
  expect(numbers["object requests"]).toBeCloseTo(1.1 * 0.15);
  expect(numbers["object duration"]).toBeCloseTo(0.00128 * 12.5);
});

test("a link is a request of the consumer and one of the object, and twenty of its messages are one more", () => {
  const { numbers } = billOf(usage({ "GET /link": 100, "call fetch": 100, "call webSocketMessage": 2_000, "call webSocketClose": 100 }));
  expect(numbers["requests of the caller"]).toBe(0);
  expect(numbers["requests of the consumer"]).toBeCloseTo(0.03);
  expect(numbers["object requests"]).toBeCloseTo(0.2 * 0.15);
});

test("a row is written when the reply comes, and more only if keeping it takes more", () => {
  const { numbers } = billOf(usage({ "rows written": 1_000 }), keeping({ "rows written": 2_000, "rows read": 240_000 }));
  expect(numbers["rows written"]).toBeCloseTo(2);
  expect(numbers["rows read"]).toBeCloseTo(0.12);
  expect(numbers["sum"]).toBeCloseTo(2.12);
});

test("what KV takes is what keeping for long costs", () => {
  expect(billOf(keeping({ "KV put": 2_000 })).numbers["KV writes"]).toBeCloseTo(5);
});

test("there is a line for each load and for each time of keeping", () => {
  const { tables } = summarizeBills("here", { usages: [usage({}), usage({})], hour: keeping({}), day: keeping({}) });
  expect(tables.map(({ lines }) => lines.length)).toEqual([2, 2, 4]);
});
