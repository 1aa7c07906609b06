import { expect, test } from "vitest";
import { percentileOf, spreadOf } from "../../bench/spread.ts";

test("the median of an even number of values is between the two in the middle", () => {
  expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
  expect(spreadOf([7])).toEqual({ median: 7, min: 7, max: 7 });
  expect(() => spreadOf([])).toThrow(TypeError);
});

test("a percentile is one of the values, which so many percent do not exceed", () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect(percentileOf(values, 50)).toBe(100);
  expect(percentileOf(values, 99)).toBe(198);
  expect(percentileOf([7], 99)).toBe(7);
  expect(() => percentileOf([], 50)).toThrow(TypeError);
});
