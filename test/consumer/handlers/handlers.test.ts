import { expect, expectTypeOf, test } from "vitest";
import { type Handlers, OperationError, withStatus } from "../../../consumer/handler.ts";
import { handlers } from "../../../consumer/handlers/index.ts";
import { operations } from "../../../contract/operations.ts";
import { createContext } from "./context.ts";

test("every operation of the contract has a handler", () => {
  expect(Object.keys(handlers).toSorted()).toEqual(Object.keys(operations).toSorted());
});

test("a handler of another operation, or one too few, does not compile", () => {
  type Complete = Handlers<typeof operations>;
  expectTypeOf<typeof handlers>().toExtend<Complete>();
  expectTypeOf<Omit<typeof handlers, "echo">>().not.toExtend<Complete>();
  expectTypeOf<Omit<typeof handlers, "sum"> & { sum: typeof handlers.report }>().not.toExtend<Complete>();
  expectTypeOf<Parameters<Complete["sum"]>[0]>().toEqualTypeOf<{ a: number; b: number }>();
});

test("sum adds", async () => {
  expect(await handlers.sum({ a: 2, b: 3 }, createContext("sum"))).toEqual({ sum: 5 });
});

test("sum says so when there is no number for it", () => {
  expect(() => handlers.sum({ a: Number.MAX_VALUE, b: Number.MAX_VALUE }, createContext("sum"))).toThrow(
    expect.objectContaining({ status: 422, code: "SUM_OUT_OF_RANGE" }),
  );
});

test("echo sends back what came", async () => {
  expect(await handlers.echo([1, { a: null }], createContext("echo"))).toEqual([1, { a: null }]);
});

test.each([199, 300, 200.5])("a success cannot have the status %d", (status) => {
  expect(() => withStatus(status, {})).toThrow(RangeError);
});

test.each([399, 600, Number.NaN])("a failure cannot have the status %d", (status) => {
  expect(() => new OperationError(status, "CODE", "detail")).toThrow(RangeError);
});
