import { expect, test } from "vitest";
import { readArguments } from "../../bench/arguments.ts";

const SECTIONS = ["path", "gateway", "kafka", "peers", "capacity", "costs", "types"];

test("without arguments all is measured, for the numbers and the picture to be shown", () => {
  expect(readArguments([])).toEqual({ quick: false, names: SECTIONS, fileName: "latest.json", plotPath: "docs/images/bench.svg" });
});

test.each(SECTIONS)("one section alone leaves the results of all as they are: %s", (section) => {
  expect(readArguments(["--only", section])).toEqual({
    quick: false,
    names: [section],
    fileName: `${section}.json`,
    plotPath: `bench/results/${section}.svg`,
  });
});

test("a quick run never replaces numbers to be quoted", () => {
  const quick = { quick: true, fileName: "quick.json", plotPath: "bench/results/quick.svg" };
  expect(readArguments(["--quick"])).toEqual({ ...quick, names: SECTIONS });
  expect(readArguments(["--quick", "--only", "gateway"])).toEqual({ ...quick, names: ["gateway"] });
});

test("what is not known is refused", () => {
  expect(() => readArguments(["--only", "worker"])).toThrow(
    'Expected --only to be one of path, gateway, kafka, peers, capacity, costs, types, got "worker"',
  );
  expect(() => readArguments(["--fast"])).toThrow("Expected --quick, --only with one of path");
});
