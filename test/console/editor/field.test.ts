import { expect, test } from "vitest";
import * as z from "zod";
import { contract } from "../../project/app/contract.ts";
import { emptyOf, fieldOf } from "../../../console/editor/field.ts";

const number = { kind: "number", isInteger: false };

test("an object is asked for member by member", () => {
  expect(fieldOf(contract.sum.request)).toEqual({
    kind: "object",
    members: [
      { name: "a", isRequired: true, hint: "", field: number },
      { name: "b", isRequired: true, hint: "", field: number },
    ],
  });
});

test("a list of objects is asked for item by item, with what each may be", () => {
  expect(fieldOf(contract.report.request)).toMatchObject({
    members: [
      { name: "account", field: { kind: "text", type: "text", maxLength: 64 } },
      {
        name: "lines",
        field: {
          kind: "list",
          item: {
            members: [
              { name: "date", field: { kind: "text", type: "date" } },
              { name: "product" },
              { name: "quantity", hint: "more than 0", field: { kind: "number", isInteger: true } },
              { name: "unitPrice", hint: "at least 0" },
            ],
          },
        },
      },
    ],
  });
});

test.each([
  ["a choice", z.enum(["red", "green"]), { kind: "choice", values: ["red", "green"] }],
  ["yes or no", z.boolean(), { kind: "boolean" }],
  ["an e-mail address", z.email(), { kind: "text", type: "email" }],
  ["any JSON", z.json(), { kind: "json" }],
  ["one of several", z.union([z.string(), z.number()]), { kind: "json" }],
  ["a map", z.record(z.string(), z.number()), { kind: "json" }],
  ["what no JSON Schema can say", z.date(), { kind: "json" }],
  ["what goes in, not what comes out", z.string().transform(Number), { kind: "text" }],
])("%s is asked for as such", (_, schema, field) => {
  expect(fieldOf(schema)).toMatchObject(field);
});

test("what is optional, and its description, are told", () => {
  const schema = z.object({ note: z.string().describe("for the driver").optional(), count: z.number().default(1) });
  expect(fieldOf(schema)).toMatchObject({
    members: [
      { name: "note", isRequired: false, hint: "for the driver" },
      { name: "count", isRequired: false },
    ],
  });
});

test("a new item has what is required", () => {
  const schema = z.object({
    name: z.string(),
    size: z.enum(["s", "m"]),
    tags: z.array(z.string()),
    isGift: z.boolean(),
    note: z.string().optional(),
  });
  expect(emptyOf(fieldOf(schema))).toEqual({ name: "", size: "s", tags: [], isGift: false });
});
