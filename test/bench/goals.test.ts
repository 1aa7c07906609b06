import { expect, test } from "vitest";
import { atLeast, atMost } from "../../bench/goals.ts";
import { formatGoals } from "../../bench/table.ts";

test("it is the median that meets a goal", () => {
  const spread = { median: 2, min: 1, max: 3 };
  expect(atMost("x", 2, spread, "×").met).toBe(true);
  expect(atMost("x", 1.9, spread, "×").met).toBe(false);
  expect(atLeast("x", 2, spread, "×").met).toBe(true);
  expect(atLeast("x", 2.1, spread, "×").met).toBe(false);
});

test("a line says what was measured, what it should be, and whether it is", () => {
  const goals = [atLeast("records", 50_000, { median: 48_000.4, min: 900, max: 60_000 }, "records/s"), atMost("wake-up", 3, 1.5, "ms")];
  expect(formatGoals(goals).split("\n")).toEqual([
    "records  48,000 (900.00–60,000)  records/s  ≥ 50,000  MISSED",
    "wake-up                    1.50         ms       ≤ 3     met",
  ]);
});

test("a number that was not measured meets no goal", () => {
  expect(atMost("x", 1, Number.NaN, "×").met).toBe(false);
  expect(atLeast("x", 1, Number.NaN, "×").met).toBe(false);
});
