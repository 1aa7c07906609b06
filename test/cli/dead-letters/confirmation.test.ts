import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { mayActOn } from "../../../cli/dead-letters/confirmation.ts";

/** A terminal at which somebody types an answer. */
const terminal = (answer: string) => {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  input.write(`${answer}\n`);
  return { input, output: new PassThrough() };
};

test.each([
  ["y", true],
  ["YES", true],
  ["", false],
  ["n", false],
  ["yesterday", false],
])("before something is done to many letters, it asks, and takes %j as %s", async (answer, may) => {
  const asked = terminal(answer);
  expect(await mayActOn("drop", 12, asked)).toBe(may);
  expect(String(asked.output.read())).toContain("drop 12 dead letters? [y/N] ");
});

test("one letter is acted on without a question", async () => {
  const asked = terminal("n");
  expect(await mayActOn("drop", 1, asked)).toBe(true);
  expect(asked.output.read()).toBeNull();
});

test("where there is nobody to ask, it refuses", async () => {
  const nobody = { input: new PassThrough(), output: new PassThrough() };
  await expect(mayActOn("redrive", 12, nobody)).rejects.toThrow(
    "Expected --yes to redrive 12 dead letters, since there is nobody to ask here.",
  );
});
