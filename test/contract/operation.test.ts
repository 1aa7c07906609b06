import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { defineContract, findOperation, topicsOf } from "../../contract/contract.ts";
import { defineOperation, type ReplyOf, type RequestInput, type RequestOf } from "../../contract/operation.ts";
import { operations } from "../../contract/operations.ts";

const definition = { name: "sum", request: z.number(), reply: z.number(), deadlineSeconds: 30, retentionSeconds: 150 };

describe("an operation", () => {
  test("goes to the topic requests unless it names another", () => {
    expect(defineOperation(definition).topic).toBe("requests");
    expect(defineOperation({ ...definition, topic: "sums" }).topic).toBe("sums");
  });

  test.each([
    ["name", { name: "Sum" }],
    ["name", { name: "a.b" }],
    ["name", { name: "" }],
    ["topic", { topic: "no spaces" }],
    ["deadlineSeconds", { deadlineSeconds: 0 }],
    ["deadlineSeconds", { deadlineSeconds: 1.5 }],
    ["deadlineSeconds", { deadlineSeconds: 2 ** 24 }],
    ["retentionSeconds", { retentionSeconds: 149 }],
    ["retentionSeconds", { retentionSeconds: 2 ** 24 }],
  ])("with a wrong %s is refused by that name", (field, wrong) => {
    expect(() => defineOperation({ ...definition, ...wrong })).toThrow(new RegExp(`^Expected ${field} of operation ".*" to be `));
  });

  test("carries the types of its schemas", () => {
    const { sum, report } = operations;
    expectTypeOf<RequestInput<typeof sum>>().toEqualTypeOf<{ a: number; b: number }>();
    expectTypeOf<ReplyOf<typeof sum>>().toEqualTypeOf<{ sum: number }>();
    expectTypeOf<RequestOf<typeof report>["account"]>().toEqualTypeOf<string>();
    expectTypeOf(sum.name).toEqualTypeOf<"sum">();
  });
});

describe("the contract", () => {
  test("finds an operation by its own name only", () => {
    expect(findOperation(operations, "sum")).toBe(operations.sum);
    for (const name of ["nothing", "__proto__", "constructor", "toString"]) expect(findOperation(operations, name)).toBeUndefined();
    expect(() => defineContract({ total: defineOperation(definition) })).toThrow(
      'Expected operation "sum" to stand under its own name, got "total"',
    );
  });

  test("knows its topics, each once", () => {
    expect(topicsOf(operations)).toEqual(["requests"]);
  });

  test("gives each operation an example that fits its schema", () => {
    for (const { name, request } of Object.values(operations)) {
      const [example] = (request.meta()?.["examples"] ?? []) as unknown[];
      expect(request.safeParse(example).success, name).toBe(true);
    }
  });

  test("handles the reports of one account one after another", () => {
    expect(operations.report.orderingKey?.({ account: "acme", lines: [] })).toBe("acme");
  });
});
