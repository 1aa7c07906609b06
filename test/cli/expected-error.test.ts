import { expect, test } from "vitest";
import * as z from "zod";
import { toText } from "../../cli/expected-error.ts";
import { defineContract } from "../../contract/contract.ts";
import { operation } from "../../contract/operation.ts";

/** As Node says it. */
const notFound = (what: string): Error =>
  Object.assign(new Error(`Cannot find ${what} imported from /my-app/node_modules/@rejoinder/sdk/dist/cli.js`), {
    code: "ERR_MODULE_NOT_FOUND",
  });

test("an optional package that a call needs and nobody installed is named, with how to install it", () => {
  expect(toText(notFound("package 'miniflare'"))).toBe(
    "Expected miniflare to be installed in this project. Run: npm install --save-dev miniflare.",
  );
});

test("what of the project's own code is missing is shown as Node tells it", () => {
  for (const error of [notFound("package 'miniflares'"), notFound("module './miniflare'"), new Error("broken")])
    expect(toText(error)).toBe(error);
});

test("a contract that is defined wrongly is shown as the sentence that says so", () => {
  const text = operation({ request: z.string(), reply: z.string() });
  expect(() => defineContract({ Sum: text })).toThrow(
    expect.toSatisfy((error: Error) => toText(error) === error.message && error.message.startsWith("Expected name of operation")),
  );
});
