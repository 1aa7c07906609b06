import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { defineContract, describeContract, findOperation, topicsOf } from "../../contract/contract.ts";
import { operation, type OperationDefinition, type ReplyOf, type RequestInput, type RequestOf } from "../../contract/operation.ts";
import { contract } from "../project/app/contract.ts";

const text = operation({ request: z.string(), reply: z.string() });
const defineOne = (overrides: object) => defineContract({ one: { ...text, ...overrides } as OperationDefinition })["one"];

describe("an operation", () => {
  test("has the name of its key, and of its own only where the wire's differs", () => {
    const { sum, ...others } = defineContract({ sum: text, "monthly-report": text, yearly: operation({ ...text, name: "yearly-report" }) });
    expect([sum.name, ...Object.keys(others)]).toEqual(["sum", "monthly-report", "yearly-report"]);
    expectTypeOf<keyof typeof others>().toEqualTypeOf<"monthly-report" | "yearly-report">();
    expectTypeOf(sum.name).toEqualTypeOf<"sum">();
  });

  test("has 30 seconds, a status for an hour more, and the topic requests unless it says otherwise", () => {
    expect(defineOne({})).toMatchObject({ deadlineSeconds: 30, retentionSeconds: 3_630, topic: "requests" });
    expect(defineOne({ deadlineSeconds: 60 })).toMatchObject({ deadlineSeconds: 60, retentionSeconds: 3_660 });
    expect(defineOne({ retentionSeconds: 150, topic: "sums" })).toMatchObject({ retentionSeconds: 150, topic: "sums" });
  });

  test.each([
    ["name", { name: "Sum" }],
    ["name", { name: "a.b" }],
    ["name", { name: "" }],
    ["topic", { topic: "no spaces" }],
    ["topic", { topic: "." }],
    ["topic", { topic: ".." }],
    ["deadlineSeconds", { deadlineSeconds: 0 }],
    ["deadlineSeconds", { deadlineSeconds: 1.5 }],
    ["deadlineSeconds", { deadlineSeconds: 2 ** 24 }],
    ["retentionSeconds", { retentionSeconds: 149 }],
    ["retentionSeconds", { retentionSeconds: 2 ** 24 }],
    ["error code", { errors: { closed: { status: 409 } } }],
    ["errors.CLOSED.status", { errors: { CLOSED: { status: 200 } } }],
  ])("with a wrong %s is refused by that name", (field, wrong) => {
    expect(() => defineOne(wrong)).toThrow(new RegExp(`^Expected ${field} of operation ".*" to be `));
  });

  test("whose key is no name is refused with how to mend it", () => {
    expect(() => defineContract({ monthlyReport: text })).toThrow(
      'Expected name of operation "monthlyReport" to be 1 to 64 lower-case letters, digits or hyphens, starting with a letter; set name: if you want another key, got "monthlyReport"',
    );
  });

  test("carries the types of its schemas", () => {
    type Contract = typeof contract;
    expectTypeOf<RequestInput<Contract["sum"]>>().toEqualTypeOf<{ a: number; b: number }>();
    expectTypeOf<ReplyOf<Contract["sum"]>>().toEqualTypeOf<{ sum: number }>();
    expectTypeOf<RequestOf<Contract["report"]>["account"]>().toEqualTypeOf<string>();
  });
});

describe("a schema", () => {
  test("without a converter to JSON Schema is refused with what to use", () => {
    const plain = { "~standard": { version: 1, vendor: "plain", validate: (value: unknown) => ({ value }) } } as const;
    expect(() => defineContract({ one: operation({ request: plain, reply: z.null() }) })).toThrow(
      'Expected the schema of the request of operation "one" to convert itself to JSON Schema (Standard JSON Schema), but this one of plain does not. ' +
        "Use zod 4.2 or newer, arktype 2.1.28 or newer, or valibot's toStandardJsonSchema(schema).",
    );
  });

  test("of what JSON cannot say is refused with what to use", () => {
    expect(() => defineContract({ one: operation({ request: z.null(), reply: z.date() }) })).toThrow(
      'Expected the schema of the reply of operation "one" to describe JSON: Date cannot be represented in JSON Schema. ' +
        "Use types that JSON has, such as z.iso.datetime() for a date, and give a transform its result by .pipe(schema).",
    );
  });
});

describe("the contract", () => {
  test("finds an operation by its own name only", () => {
    expect(findOperation(contract, "sum")).toBe(contract.sum);
    for (const name of ["nothing", "__proto__", "constructor", "toString"]) expect(findOperation(contract, name)).toBeUndefined();
  });

  test("with two operations of one name is refused, and names both", () => {
    expect(() => defineContract({ sum: text, total: operation({ ...text, name: "sum" }) })).toThrow(
      'Expected each operation to have a name of its own, got "sum" for both sum and total. Give one of them another key or name.',
    );
  });

  test("knows its topics, each once", () => {
    expect(topicsOf(contract)).toEqual(["requests"]);
  });

  test("describes each operation to others by JSON Schema", () => {
    const described = defineContract({
      close: operation({
        request: z.strictObject({ account: z.string().default("main") }),
        reply: z.null(),
        errors: { CLOSED: { status: 409, data: z.strictObject({ since: z.iso.date() }) }, NOBODY: { status: 404 } },
      }),
    });
    expect(describeContract(described)).toEqual({
      close: {
        request: expect.objectContaining({ type: "object", properties: { account: { type: "string", default: "main" } } }),
        reply: expect.objectContaining({ type: "null" }),
        errors: { CLOSED: { status: 409, data: expect.objectContaining({ required: ["since"] }) }, NOBODY: { status: 404 } },
        deadlineSeconds: 30,
        retentionSeconds: 3_630,
        fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
    });
  });

  test("has another fingerprint for an operation when it takes other values, and the same when only its words change", () => {
    const fingerprint = (request: z.ZodType) =>
      defineContract({ one: operation({ request, reply: z.null() }) }).one.description.fingerprint;
    const first = fingerprint(z.strictObject({ a: z.number(), title: z.string() }));
    expect(fingerprint(z.strictObject({ title: z.string().describe("in words"), a: z.number() }).meta({ examples: [] }))).toBe(first);
    expect(fingerprint(z.strictObject({ a: z.int(), title: z.string() }))).not.toBe(first);
    // A member that is called like a keyword is a member.
    expect(fingerprint(z.strictObject({ a: z.number(), description: z.string() }))).not.toBe(first);
    expect(fingerprint(z.strictObject({ a: z.number() }))).not.toBe(
      fingerprint(z.strictObject({ a: z.number(), title: z.string().optional() })),
    );
  });
});
