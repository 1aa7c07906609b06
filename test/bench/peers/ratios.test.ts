import { expect, test } from "vitest";
import { calculateRatios } from "../../../bench/peers/ratios.ts";
import { SUITE_RESULT } from "./suite-result.ts";

const always = (value: number) => ({ median: value, min: value, max: value });

test("rejoinder is held against the setting of Spring that is better for what is compared", () => {
  expect(calculateRatios(SUITE_RESULT)).toMatchObject({
    "sync-1-vs-spring": always(2),
    "sync-32-vs-spring": always(2),
    "sync-128-vs-spring": always(2),
    "p99-32-vs-spring": always(0.5),
    "p99-128-vs-spring": always(0.5),
  });
});

test("rejoinder is held against the least that there can be, and against what people write first", () => {
  expect(calculateRatios(SUITE_RESULT)).toMatchObject({ "p50-1-vs-raw": always(3), "accept-32-vs-naive": always(1.6) });
});

test("a wake-up is a number of its own, in milliseconds", () => {
  expect(calculateRatios(SUITE_RESULT)["wake-ms"]).toEqual({ median: 1.5, min: 1.2, max: 4 });
});

test("without one of those that are compared there are no ratios", () => {
  const sums = SUITE_RESULT.sums.filter(({ name }) => name !== "spring linger 5");
  expect(() => calculateRatios({ ...SUITE_RESULT, sums })).toThrow("Expected spring linger 5 at 1 connections to be measured");
});
