import { expect, test } from "vitest";
import { calculateRatios, goalsOf, tablesOfUsage } from "../../../bench/callers/ratios.ts";
import type { MeasuredCase } from "../../../bench/cases.ts";
import { measuredCase } from "../measured.ts";

/** A kind of callers whose requests take the host so many microseconds of a processor each. */
const callers = (name: string, ratePerSecond: number, us: number): MeasuredCase => {
  const measured = measuredCase(name, 32, ratePerSecond, 1_000);
  return {
    ...measured,
    processorTimes: measured.rounds.map(({ calls }) => ({ elapsedMs: 1_000, usedNs: { host: calls * us * 1_000, consumer: 1 } })),
  };
};

test("what callers cost is the host's processor time for a request, beside that of callers without credentials", () => {
  const ratios = calculateRatios("node", [callers("public", 2_000, 100), callers("API key", 1_800, 110)]);
  expect(ratios["node-cpu-api-key-vs-public"]?.median).toBeCloseTo(1.1);
  expect(ratios["node-rate-api-key-vs-public"]?.median).toBeCloseTo(0.9);
  expect(Object.keys(ratios)).toHaveLength(2);
});

test("a kind of callers that costs more than its goal misses it", () => {
  const goals = goalsOf("workerd", [callers("public", 2_000, 100), callers("API key", 1_800, 120), callers("quota", 1_500, 130)]);
  expect(goals.map(({ goal, met }) => [goal, met])).toEqual([
    ["≤ 1.1", false],
    ["≤ 1.4", true],
  ]);
});

test("where the system tells no processor times there are rates alone", () => {
  const measured = [measuredCase("public", 32, 2_000, 100), measuredCase("quota", 32, 1_000, 200)];
  expect(Object.keys(calculateRatios("node", measured))).toEqual(["node-rate-quota-vs-public"]);
  expect(goalsOf("node", measured)).toEqual([]);
});

test("what was counted is told by request", () => {
  const [counted] = tablesOfUsage([{ name: "quota", requests: 10, counts: { "POST /requests": 10, "rows written": 30, "KV put": 0 } }]);
  expect(counted?.lines).toEqual([{ name: "quota", numbers: { "POST /requests": 1, "rows written": 3 } }]);
});
