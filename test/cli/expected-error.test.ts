import { expect, test } from "vitest";
import { toText } from "../../cli/expected-error.ts";

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
