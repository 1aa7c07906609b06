import { expect, test } from "vitest";
import { readArguments } from "../../bench/arguments.ts";

const SECTIONS = ["gateway", "kafka", "peers", "capacity", "costs", "life", "callers", "types", "commands"];

test("without arguments all is measured, for the numbers and the picture to be shown", () => {
  expect(readArguments([])).toEqual({
    quick: false,
    markdown: false,
    names: SECTIONS,
    path: "bench/results/latest.json",
    plotPath: "docs/images/bench.svg",
  });
});

test.each(SECTIONS)("one section alone leaves the results of all as they are: %s", (section) => {
  expect(readArguments(["--only", section])).toEqual({
    quick: false,
    markdown: false,
    names: [section],
    path: `bench/results/${section}.json`,
    plotPath: `bench/results/${section}.svg`,
  });
});

test("a quick run never replaces numbers to be quoted", () => {
  const quick = { quick: true, markdown: false, path: "bench/results/quick.json", plotPath: "bench/results/quick.svg" };
  expect(readArguments(["--quick"])).toEqual({ ...quick, names: SECTIONS });
  expect(readArguments(["--quick", "--only", "gateway"])).toEqual({ ...quick, names: ["gateway"] });
});

test("what was measured can be printed for documents", () => {
  expect(readArguments(["--markdown", "--only", "peers"])).toMatchObject({ markdown: true, names: ["peers"] });
});

test("what is not known is refused", () => {
  expect(() => readArguments(["--only", "worker"])).toThrow(
    'Expected --only to be one of gateway, kafka, peers, capacity, costs, life, callers, types, commands, got "worker"',
  );
  expect(() => readArguments(["--fast"])).toThrow("Expected --quick, --only with one of gateway");
});
