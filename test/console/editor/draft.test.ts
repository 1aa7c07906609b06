import { assert, jsonValue, property } from "fast-check";
import { expect, test } from "vitest";
import { contract } from "../../project/app/contract.ts";
import { exampleOf, readDraft } from "../../../console/editor/draft.ts";

test.each(Object.entries(contract))("the example that %s starts from fits the operation", (_, { description, request }) => {
  const draft = readDraft(exampleOf(description)) as { request: unknown };
  expect(request["~standard"].validate(draft.request)).not.toHaveProperty("issues");
});

test("any JSON can be sent just as it was written", () => {
  assert(
    property(jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(readDraft(text)).toEqual({ request: JSON.parse(text) });
    }),
  );
});

test("text that is not JSON says so, and why", () => {
  expect(readDraft('{"a": 1,')).toEqual({ problem: { path: "", message: expect.stringMatching(/^This is not JSON yet: /) } });
});

test.each([
  [
    "an object, with its required members",
    { type: "object", properties: { name: { type: "string" }, note: { type: "string" } }, required: ["name"] },
    { name: "" },
  ],
  ["a number", { type: "number" }, 0],
  ["anything", {}, {}],
  ["an example that is false", { type: "boolean", examples: [false] }, false],
])("without an example one starts from %s", (_, request, example) => {
  expect(JSON.parse(exampleOf({ request, deadlineSeconds: 30, retentionSeconds: 3_600 }))).toEqual(example);
});
