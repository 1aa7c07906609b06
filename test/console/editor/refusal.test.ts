import { expect, test } from "vitest";
import { problemsOf, refusalOf } from "../../../console/editor/refusal.ts";
import { createEntry, type Entry } from "../../../console/requests/entry.ts";

const REQUEST = { account: "", lines: [{ quantity: 0.5 }, { quantity: 2 }], "a/b": 1 };

const refused = (errors: unknown, code = "INVALID_REQUEST"): Entry => ({
  ...createEntry({ id: "1", traceparent: "", operation: "report", request: REQUEST, sentAt: 0, isOneOfMany: false }),
  problem: { type: "about:blank", title: "It does not fit", status: 422, code, errors },
});

const ERRORS = [
  { path: "/account", message: "too short" },
  { path: "/lines/0/quantity", message: "not whole" },
  { path: "/lines/1/product", message: "missing" },
  { path: "/a~1b", message: "unknown" },
];

const open = (entry: Entry, request: unknown, operation = "report") => {
  const refusal = refusalOf(entry);
  return refusal === undefined ? undefined : problemsOf(refusal, operation, request);
};

test("each fault that the server found is told at its place", () => {
  expect(open(refused(ERRORS), REQUEST)).toEqual([
    { path: "account", message: "too short" },
    { path: "lines[0].quantity", message: "not whole" },
    { path: "lines[1].product", message: "missing" },
    { path: "a/b", message: "unknown" },
  ]);
});

test("a fault is told no more once something else is at its place", () => {
  const mended = { account: "acme", lines: [{ quantity: 1 }, { quantity: 2, product: "bolt" }] };
  expect(open(refused(ERRORS), mended)).toEqual([]);
  expect(open(refused(ERRORS), { ...REQUEST, account: "acme" })).toHaveLength(3);
});

test("a fault of the whole request is told until anything changes", () => {
  const entry = refused([{ path: "", message: "not an object" }]);
  expect(open(entry, REQUEST)).toEqual([{ path: "", message: "not an object" }]);
  expect(open(entry, { ...REQUEST, account: "acme" })).toEqual([]);
});

test("another operation has nothing to do with it", () => {
  expect(open(refused(ERRORS), REQUEST, "sum")).toEqual([]);
});

test("of a hundred faults the first are told, and how many more there are", () => {
  const errors = Array.from({ length: 100 }, (_, index) => ({ path: `/lines/${index}`, message: "missing" }));
  const problems = open(refused(errors), REQUEST);
  expect(problems).toHaveLength(9);
  expect(problems?.at(-1)).toEqual({ path: "", message: "… and 92 more" });
});

test("what was refused for another reason has no faults", () => {
  expect(refusalOf(refused(ERRORS, "PRODUCE_REJECTED"))).toBeUndefined();
  expect(refusalOf(refused(undefined))).toBeUndefined();
});
