import { expect, test } from "vitest";
import { atLeast, atMost, formatResult, inMarkdown, type Line, percentileOf, spreadOf } from "../../bench/result.ts";

test("the median of an even number of values is between the two in the middle", () => {
  expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
  expect(spreadOf([7])).toEqual({ median: 7, min: 7, max: 7 });
  expect(() => spreadOf([])).toThrow(TypeError);
});

test("a percentile is one of the values, which so many percent do not exceed", () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect(percentileOf(values, 50)).toBe(100);
  expect(percentileOf(values, 99)).toBe(198);
  expect(() => percentileOf([], 50)).toThrow(TypeError);
});

test("it is the median that meets a goal, and what was not measured meets none", () => {
  const spread = { median: 2, min: 1, max: 3 };
  expect([2, 1.9].map((limit) => atMost("x", limit, spread, "×").met)).toEqual([true, false]);
  expect([2, 2.1].map((limit) => atLeast("x", limit, spread, "×").met)).toEqual([true, false]);
  expect([atMost("x", 1, Number.NaN, "×").met, atLeast("x", 1, Number.NaN, "×").met]).toEqual([false, false]);
});

test("the text has its tables, its ratios, how steady the machine was, and whether each goal was met", () => {
  const spread = { median: 48_000.4, min: 900, max: 60_000 };
  const lines: readonly Line[] = [
    { name: "produce", numbers: { connections: 32, "rate/s": spread, "rate ÷ bare": 0.591 } },
    { name: "bare", numbers: { connections: 32, "rate/s": spreadOf([9.5]) } },
  ];
  const result = {
    name: "the gateway",
    tables: [{ title: "producing", lines }],
    ratios: { "wake-ms": spreadOf([1.942]) },
    arithmeticMs: { median: 64, min: 13, max: 70 },
    goals: [atLeast("records", 50_000, spread, "records/s"), atMost("wake-up", 3, 1.5, "ms")],
  };
  expect(formatResult(result).split("\n")).toEqual([
    "the gateway",
    "",
    "producing  connections               rate/s  rate ÷ bare",
    "produce             32  48,000 (900–60,000)         0.59",
    "bare                32                 9.50             ",
    "",
    "ratio    median (least–most)",
    "wake-ms                 1.94",
    "",
    "steadiness: the same arithmetic took 64 (13–70) ms during the run",
    "",
    "goal        limit             measured                   ",
    "records  ≥ 50,000  48,000 (900–60,000)  records/s  MISSED",
    "wake-up       ≤ 3                 1.50         ms     met",
  ]);
});

test("documents get the same as Markdown", () => {
  const lines: readonly Line[] = [{ name: "node", numbers: { "at 1": spreadOf([1, 2, 4]), "at 32": 9 } }];
  expect(formatResult({ name: "peers", tables: [{ title: "rates", lines }] }, inMarkdown).split("\n")).toEqual([
    "### peers",
    "",
    "| rates | at 1 | at 32 |",
    "| --- | --- | --- |",
    "| node | 2 (1–4) | 9 |",
  ]);
});
