import { basename, dirname } from "node:path";
import { expect, test } from "vitest";
import { filesOf, readText, sourceFiles } from "./fixtures.ts";

const MAX_LINES = 300;
/** Where a runtime or a tool asks for a default export. */
const DEFAULT_EXPORTS = new Set([
  "app/worker.ts",
  "app/consumer.ts",
  "examples/bank/app/worker.ts",
  "examples/bank/app/consumer.ts",
  "bench/commands/project/app/worker.ts",
  "bench/commands/project/app/consumer.ts",
  "test/project/app/worker.ts",
  "test/project/app/consumer.ts",
  "test/consumer/once/project/app/consumer.ts",
  "test/consumer/personal/project/app/consumer.ts",
  "test/consumer/personal/project/app/worker.ts",
  "test/consumer/policies/project/app/consumer.ts",
  "test/helpers/reporter.ts",
  "vitest.config.ts",
  "examples/react/vite.config.ts",
]);

const linesOf = (path: string): number => readText(path).trimEnd().split("\n").length;

test("no source file is longer than one can hold in mind", () => {
  expect(sourceFiles().filter((path) => linesOf(path) > MAX_LINES)).toEqual([]);
});

test("files are named by nouns in kebab-case", () => {
  const name = /^[a-z0-9]+(-[a-z0-9]+)*(\.((process|kafka)\.)?(test|d|config))?\.tsx?$/;
  expect(sourceFiles().filter((path) => !name.test(basename(path)))).toEqual([]);
});

test("no folder is a drawer for everything", () => {
  const drawers = /(^|\/)(utils?|common|lib|services?|helpers?|shared|misc)(\/|$)/;
  const folders = new Set(sourceFiles().map(dirname));
  expect([...folders].filter((folder) => folder !== "test/helpers" && drawers.test(folder))).toEqual([]);
});

test("exports have names, except where a runtime asks for a default", () => {
  const withDefault = sourceFiles().filter((path) => /^export (default|\{[^}]*\bdefault\b)/m.test(readText(path)));
  expect(withDefault.filter((path) => !DEFAULT_EXPORTS.has(path))).toEqual([]);
});

test("the tests mirror the folders that they test", () => {
  const folders = new Set([...sourceFiles().map((path) => path.split("/")[0]), "house", "end-to-end", "interop"]);
  expect(filesOf("test/*/**/*.test.ts").filter((path) => !folders.has(path.split("/")[1]))).toEqual([]);
});
