import { assert, jsonValue, property } from "fast-check";
import { expect, test } from "vitest";
import { contract } from "../../project/app/contract.ts";
import { exampleOf, readDraft } from "../../../console/editor/draft.ts";

test.each(Object.values(contract))("the example that $name starts from can be sent as it is", (operation) => {
  expect(readDraft(operation, exampleOf(operation))).toEqual({ request: JSON.parse(exampleOf(operation)) });
});

test("any JSON can be sent to echo just as it was written", () => {
  assert(
    property(jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(readDraft(contract.echo, text)).toEqual({ request: JSON.parse(text) });
    }),
  );
});

test("text that is not JSON says so, and why", () => {
  expect(readDraft(contract.sum, '{"a": 1,')).toEqual({
    problems: [{ path: "", message: expect.stringMatching(/^This is not JSON yet: /) }],
  });
});

test("each violation of the schema is named with its path", () => {
  const text = JSON.stringify({ account: "acme", lines: [{ date: "2026-01-15", product: "bolt", quantity: 0.5, unitPrice: "1" }] });
  expect(readDraft(contract.report, text)).toEqual({
    problems: [
      { path: "lines[0].quantity", message: expect.any(String) },
      { path: "lines[0].unitPrice", message: expect.any(String) },
    ],
  });
});

test("a hundred violations are cut to a few and a count", () => {
  const draft = readDraft(contract.report, JSON.stringify({ account: "acme", lines: Array.from({ length: 100 }, () => 1) }));
  expect(draft).toMatchObject({ problems: { length: 9, 8: { message: "… and 92 more" } } });
});
