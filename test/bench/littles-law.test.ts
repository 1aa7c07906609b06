import { expect, test } from "vitest";
import { findMismeasured } from "../../bench/littles-law.ts";
import type { CaseRounds } from "../../bench/rounds.ts";
import { createMeasurement } from "./measurement.ts";

const withLittle = (...little: readonly number[]): CaseRounds => ({
  name: "health",
  connections: 1,
  rounds: little.map((value) => ({ ...createMeasurement(1, 4_000, 250), little: value })),
  arithmeticMs: [7],
});

test("a case against Little's law is named, and one round that is only cut off badly is not", () => {
  expect(findMismeasured([withLittle(1, 1)], "fsync always")).toEqual([]);
  expect(findMismeasured([withLittle(0.92, 1.07)], "fsync always")).toEqual([]);
  expect(findMismeasured([withLittle(1, 1), withLittle(0.9, 0.92)], "fsync always")).toEqual([
    "health at 1, fsync always: rate × mean ÷ connections is 0.910",
  ]);
});
