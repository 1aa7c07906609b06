import { expect, test } from "vitest";
import { warmUpUntilSteady } from "../../../bench/peers/warm-up.ts";

/** What has these rates, one after another, and the last for ever. */
const loadOf = (...rates: readonly number[]) => {
  let times = 0;
  return async () => rates[Math.min(times++, rates.length - 1)] as number;
};

test("what is as fast at once as it will be is loaded three times", async () => {
  expect(await warmUpUntilSteady(loadOf(1_000, 1_010))).toEqual([1_000, 1_010, 1_010]);
});

test("what gets faster is loaded until it does not any more", async () => {
  expect(await warmUpUntilSteady(loadOf(100, 300, 600, 800, 810, 805))).toEqual([100, 300, 600, 800, 810, 805]);
});

test("a slow moment of the machine does not end it", async () => {
  expect(await warmUpUntilSteady(loadOf(300, 200, 700, 710, 690))).toEqual([300, 200, 700, 710, 690]);
});

test("what never gets steady is measured all the same", async () => {
  let rate = 1;
  expect(await warmUpUntilSteady(async () => (rate *= 2))).toHaveLength(12);
});
