import { expect, test } from "vitest";
import { medianOf, ratioOf, roundsOf } from "../../bench/rounds.ts";
import { createMeasurement } from "./measurement.ts";

const rounds = [createMeasurement(1, 4_000, 250), createMeasurement(1, 1_000, 1_000)];
const slower = [createMeasurement(1, 2_000, 500), createMeasurement(1, 500, 2_000)];

test("ratios are taken within a round, so that a slow round does not distort them", () => {
  expect(ratioOf(slower, rounds, "ratePerSecond")).toEqual({ median: 0.5, min: 0.5, max: 0.5 });
  expect(ratioOf(slower, rounds, "p50Us")).toEqual({ median: 2, min: 2, max: 2 });
  expect(medianOf(rounds, "ratePerSecond")).toBe(2_500);
});

test("a case is known by its name and its connections", () => {
  const cases = [
    { name: "one", connections: 1, rounds, arithmeticMs: [] },
    { name: "one", connections: 32, rounds: slower, arithmeticMs: [] },
  ];
  expect(roundsOf(cases, "one", 32)).toBe(slower);
  expect(() => roundsOf(cases, "one", 128)).toThrow("Expected one at 128 connections to be measured");
});
