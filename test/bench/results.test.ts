import { expect, test } from "vitest";
import type { Measurement } from "../../bench/load.ts";
import { findMismeasured, summarize } from "../../bench/results.ts";
import { spreadOf } from "../../bench/spread.ts";
import type { SuiteResult } from "../../bench/suite.ts";
import { formatResult } from "../../bench/table.ts";

const measured = (connections: number, ratePerSecond: number, p50Us: number): Measurement => {
  const meanUs = (connections / ratePerSecond) * 1_000_000;
  return { connections, ratePerSecond, meanUs, p50Us, p99Us: p50Us * 3, little: 1 };
};

const suite = (acceptP50Us: readonly number[], acceptRates: readonly number[], wakeUpUs: number): SuiteResult => ({
  fsync: "always",
  withoutConsumer: [
    { name: "health", connections: 1, rounds: [measured(1, 4_000, 250), measured(1, 4_000, 250)], arithmeticMs: [7, 8] },
    { name: "produce", connections: 1, rounds: [measured(1, 2_000, 500), measured(1, 1_000, 1_000)], arithmeticMs: [7, 8] },
    { name: "accept", connections: 1, rounds: acceptP50Us.map((p50Us) => measured(1, 1_000, p50Us)), arithmeticMs: [7, 8] },
    { name: "health", connections: 32, rounds: [measured(32, 10_000, 3_000), measured(32, 8_000, 3_000)], arithmeticMs: [7, 8] },
    { name: "accept", connections: 32, rounds: acceptRates.map((rate) => measured(32, rate, 9_000)), arithmeticMs: [7, 8] },
  ],
  wakeUp: { replyToAnswerUs: wakeUpUs + 500, readUs: 500, wakeUpUs },
  withConsumer: [{ name: "health", connections: 1, rounds: [measured(1, 4_000, 250)], arithmeticMs: [7, 8] }],
});

test("ratios are taken within a round, so that a slow round does not distort them", () => {
  const { goals } = summarize(suite([1_000, 2_000], [4_000, 3_200], 1_500));
  expect(goals.map(({ value }) => value)).toEqual([
    { median: 2, least: 2, most: 2 },
    { median: 0.4, least: 0.4, most: 0.4 },
    { median: 1.5, least: 1.5, most: 1.5 },
  ]);
});

test("each goal says whether it was met", () => {
  expect(summarize(suite([1_000, 2_000], [4_000, 3_200], 1_500)).goals.map(({ met }) => met)).toEqual([true, true, true]);
  expect(summarize(suite([2_050, 4_100], [2_000, 1_600], 3_100)).goals.map(({ met }) => met)).toEqual([false, false, false]);
});

test("a case against Little's law is named, and one round that is only cut off badly is not", () => {
  const sound = suite([1_000, 2_000], [4_000, 3_200], 1_500);
  const withLittle = (...little: readonly number[]): SuiteResult => ({
    ...sound,
    withConsumer: [
      { name: "health", connections: 1, rounds: little.map((value) => ({ ...measured(1, 4_000, 250), little: value })), arithmeticMs: [7] },
    ],
  });
  expect(findMismeasured(sound)).toEqual([]);
  expect(findMismeasured(withLittle(0.92, 1.07))).toEqual([]);
  expect(findMismeasured(withLittle(0.9, 0.92))).toEqual(["health at 1, fsync always: rate × mean ÷ connections is 0.910"]);
});

test("the table has a line for each case and each goal", () => {
  const lines = formatResult(summarize(suite([1_000, 2_000], [2_000, 1_600], 1_500))).split("\n");
  expect(lines[0]).toBe("fsync always");
  expect(lines.filter((line) => /^(health|produce|accept) /.test(line))).toHaveLength(6 + 2); // two goals begin with accept
  expect(lines.find((line) => line.startsWith("accept rate"))).toMatch(/0\.20 +× +≥ 0\.25 +MISSED$/);
});

test("the median of an even number of values is between the two in the middle", () => {
  expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, least: 1, most: 4 });
  expect(spreadOf([7])).toEqual({ median: 7, least: 7, most: 7 });
  expect(() => spreadOf([])).toThrow(TypeError);
});
