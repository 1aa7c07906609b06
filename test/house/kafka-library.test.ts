import { expect, test } from "vitest";
import { readText, sourceFiles } from "./fixtures.ts";

const LIBRARY = "@platformatic/kafka";
/** The one file that touches what the library does not promise. */
const INTERNALS = "kafka/library.ts";
/** Tests and benchmarks compare with the library itself. */
const MAY_IMPORT = new Set(["kafka", "test", "bench"]);

const importers = (): readonly string[] => sourceFiles().filter((path) => readText(path).includes(`from "${LIBRARY}"`));

test("only the native client imports the Kafka library", () => {
  expect(importers().filter((path) => !MAY_IMPORT.has(path.split("/")[0] ?? ""))).toEqual([]);
});

test("one file of the native client touches the library's internals: its symbols, its connections and untyped members", () => {
  const internals = /\bk[A-Z]\w+\b|\.connections\b|\b[a-z]\w*\["[a-z]\w*"\]/;
  const touching = importers().filter((path) => path.startsWith("kafka/") && internals.test(readText(path)));
  expect(touching).toEqual([INTERNALS]);
});

test("the library's version is pinned exactly", () => {
  const { dependencies } = JSON.parse(readText("package.json")) as { dependencies: Record<string, string> };
  expect(dependencies[LIBRARY]).toMatch(/^\d+\.\d+\.\d+$/);
});
