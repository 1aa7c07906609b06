import { expect, test } from "vitest";
import { type Case, findMismeasured, measureCases, ratioOf, tableOf, warmUpUntilSteady } from "../../bench/cases.ts";
import { PACES } from "../../bench/pace.ts";
import { createMeasurement, measuredCase } from "./measured.ts";

const always = (value: number) => ({ median: value, min: value, max: value });
const CASES = [
  measuredCase("health", 1, 4_000, 250),
  { ...measuredCase("accept", 1, 2_000, 500), beside: { health: "health" }, records: 100 },
];

test("ratios are taken within a round, so that a slow round does not distort them", () => {
  expect(ratioOf(CASES, { connections: 1, of: "accept", to: "health" })).toEqual(always(0.5));
  expect(ratioOf(CASES, { connections: 1, of: "accept", to: "health", number: "p50Us" })).toEqual(always(2));
});

test("a ratio to what was not measured is an error", () => {
  expect(() => ratioOf(CASES, { connections: 32, of: "accept", to: "health" })).toThrow("Expected accept at 32 connections to be measured");
});

test("the table has a line for each case, with its ratio to what it is beside", () => {
  const [health, accept] = tableOf("the path", CASES).lines;
  expect(health?.numbers).toEqual({
    connections: 1,
    "rate/s": { median: 3_000, min: 2_000, max: 4_000 },
    "p50 µs": { median: 375, min: 250, max: 500 },
    "p99 µs": { median: 1_125, min: 750, max: 1_500 },
  });
  expect(accept?.numbers).toMatchObject({ "records/s": { median: 150_000 }, "rate ÷ health": always(0.5) });
});

test("the cases are measured in turn, round after round", async () => {
  const order: string[] = [];
  const toCase = (name: string): Case => ({
    name,
    connections: 1,
    work: { open: async () => ({ call: async () => void order.push(name), [Symbol.asyncDispose]: async () => {} }) },
  });
  const pace = { ...PACES.quick, rounds: 2, warmUpMs: 0, measureMs: 1 };
  const measured = await measureCases([toCase("one"), toCase("other")], pace, () => {});
  expect(order.filter((name, index) => name !== order[index - 1])).toEqual(["one", "other", "one", "other"]);
  expect(measured.map(({ rounds, arithmeticMs }) => [rounds.length, arithmeticMs.length])).toEqual([
    [2, 2],
    [2, 2],
  ]);
});

const withLittle = (...little: readonly number[]) => ({
  name: "health",
  connections: 1,
  rounds: little.map((value) => ({ ...createMeasurement(1, 4_000, 250), little: value })),
});

test("a case against Little's law is named, and one round that is only cut off badly is not", () => {
  expect(findMismeasured([withLittle(1, 1), withLittle(0.92, 1.07)], "fsync always")).toEqual([]);
  expect(findMismeasured([withLittle(1, 1), withLittle(0.9, 0.92)], "fsync always")).toEqual([
    "health at 1, fsync always: rate × mean ÷ connections is 0.910",
  ]);
});

/** What has these rates, one after another, and the last for ever. */
const loadOf = (...rates: readonly number[]) => {
  let times = 0;
  return async () => rates[Math.min(times++, rates.length - 1)] as number;
};

test.each([
  ["what is as fast at once as it will be", [1_000, 1_010, 1_010, 1_020]],
  ["what gets faster", [100, 300, 600, 800, 810, 805, 800]],
  ["what has a slow moment", [300, 200, 210, 700, 710, 690, 700]],
])("%s is loaded until it has been no faster three times in a row", async (_, rates) => {
  expect(await warmUpUntilSteady(loadOf(...rates))).toEqual(rates);
});

test("what never gets steady is measured all the same", async () => {
  let rate = 1;
  expect(await warmUpUntilSteady(async () => (rate *= 2))).toHaveLength(16);
});
