import { expect, test } from "vitest";
import * as z from "zod";
import { contract } from "../../project/app/contract.ts";
import { emptyOf, fieldOf, type JsonSchema } from "../../../console/editor/field.ts";

/** What a caller sends, as `GET /contract` tells it. */
const inputOf = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { target: "draft-2020-12", io: "input", unrepresentable: "any" }) as JsonSchema;

const number = { kind: "number", isInteger: false };

test("an object is asked for member by member", () => {
  expect(fieldOf(contract.sum.description.request)).toEqual({
    kind: "object",
    members: [
      { name: "a", isRequired: true, hint: "", field: number },
      { name: "b", isRequired: true, hint: "", field: number },
    ],
  });
});

test("a list of objects is asked for item by item, with what each may be", () => {
  expect(fieldOf(contract.report.description.request)).toMatchObject({
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
  ["one value", z.literal("red"), { kind: "choice", values: ["red"] }],
  ["one of several values", z.union([z.literal("red"), z.literal(2)]), { kind: "choice", values: ["red", 2] }],
  ["a value that may be null", z.string().nullable(), { kind: "json" }],
  ["what goes in, not what comes out", z.string().transform(Number), { kind: "text" }],
])("%s is asked for as such", (_, schema, field) => {
  expect(fieldOf(inputOf(schema))).toMatchObject(field);
});

test("what is optional, and its description, are told", () => {
  const schema = z.object({ note: z.string().describe("for the driver").optional(), count: z.number().default(1) });
  expect(fieldOf(inputOf(schema))).toMatchObject({
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
  expect(emptyOf(fieldOf(inputOf(schema)))).toEqual({ name: "", size: "s", tags: [], isGift: false });
});

test("a definition is asked for wherever a schema refers to it", () => {
  const address = z.object({ city: z.string() }).meta({ id: "address" });
  expect(fieldOf(inputOf(z.object({ from: address, to: address })))).toMatchObject({
    members: [
      { name: "from", field: { kind: "object", members: [{ name: "city" }] } },
      { name: "to", field: { kind: "object", members: [{ name: "city" }] } },
    ],
  });
});

test("what holds itself is asked for once, and within that as JSON", () => {
  const part = z.object({
    name: z.string(),
    get parts() {
      return z.array(part);
    },
  });
  expect(fieldOf(inputOf(z.object({ whole: part })))).toMatchObject({
    members: [{ field: { members: [{ name: "name" }, { name: "parts", field: { kind: "list", item: { kind: "json" } } }] } }],
  });
});

test("a reference that leads nowhere is asked for as JSON", () => {
  expect(fieldOf({ type: "object", properties: { a: { $ref: "https://example.com/a" } } })).toMatchObject({
    members: [{ field: { kind: "json" } }],
  });
});
