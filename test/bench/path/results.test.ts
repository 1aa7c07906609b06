import { expect, test } from "vitest";
import { summarize } from "../../../bench/path/results.ts";
import type { SuiteResult } from "../../../bench/path/suite.ts";
import { formatResult } from "../../../bench/path/table.ts";
import { createMeasurement } from "../measurement.ts";

const suite = (acceptP50Us: readonly number[], acceptRates: readonly number[], wakeUpUs: number): SuiteResult => ({
  fsync: "always",
  withoutConsumer: [
    { name: "health", connections: 1, rounds: [createMeasurement(1, 4_000, 250), createMeasurement(1, 4_000, 250)], arithmeticMs: [7, 8] },
    {
      name: "produce",
      connections: 1,
      rounds: [createMeasurement(1, 2_000, 500), createMeasurement(1, 1_000, 1_000)],
      arithmeticMs: [7, 8],
    },
    { name: "accept", connections: 1, rounds: acceptP50Us.map((p50Us) => createMeasurement(1, 1_000, p50Us)), arithmeticMs: [7, 8] },
    {
      name: "health",
      connections: 32,
      rounds: [createMeasurement(32, 10_000, 3_000), createMeasurement(32, 8_000, 3_000)],
      arithmeticMs: [7, 8],
    },
    { name: "accept", connections: 32, rounds: acceptRates.map((rate) => createMeasurement(32, rate, 9_000)), arithmeticMs: [7, 8] },
  ],
  wakeUp: { replyToAnswerUs: wakeUpUs + 500, readUs: 500, wakeUpUs },
  withConsumer: [{ name: "health", connections: 1, rounds: [createMeasurement(1, 4_000, 250)], arithmeticMs: [7, 8] }],
});

test("ratios are taken within a round, so that a slow round does not distort them", () => {
  const { goals } = summarize(suite([1_000, 2_000], [4_000, 3_200], 1_500));
  expect(goals.map(({ value }) => value)).toEqual([
    { median: 2, min: 2, max: 2 },
    { median: 0.4, min: 0.4, max: 0.4 },
    { median: 1.5, min: 1.5, max: 1.5 },
  ]);
});

test("each goal says whether it was met", () => {
  expect(summarize(suite([1_000, 2_000], [4_000, 3_200], 1_500)).goals.map(({ met }) => met)).toEqual([true, true, true]);
  expect(summarize(suite([2_050, 4_100], [2_000, 1_600], 3_100)).goals.map(({ met }) => met)).toEqual([false, false, false]);
});

test("the table has a line for each case and each goal", () => {
  const lines = formatResult(summarize(suite([1_000, 2_000], [2_000, 1_600], 1_500))).split("\n");
  expect(lines[0]).toBe("the main path, fsync always");
  expect(lines.filter((line) => /^(health|produce|accept) /.test(line))).toHaveLength(6 + 2); // two goals begin with accept
  expect(lines.find((line) => line.startsWith("accept rate"))).toMatch(/0\.20 +× +≥ 0\.25 +MISSED$/);
});
