import { expect, test } from "vitest";
import { formatAge, formatDuration, formatSeconds } from "../../../console/views/duration.ts";

test.each([
  [0.2, "0 ms"],
  [312.4, "312 ms"],
  [999.6, "1.00 s"],
  [2_314, "2.31 s"],
  [59_999, "1 min 0 s"],
  [65_000, "1 min 5 s"],
])("%d milliseconds read %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  [30, "30 s"],
  [90, "90 s"],
  [120, "2 min"],
  [3_600, "1 h"],
  [86_400, "1 d"],
])("%d seconds read %s", (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test.each([
  [-5, "now"],
  [999, "now"],
  [59_999, "59 s ago"],
  [60_000, "1 min ago"],
  [7_200_000, "2 h ago"],
  [200_000_000, "2 d ago"],
])("%d milliseconds ago read %s", (ms, text) => {
  expect(formatAge(ms)).toBe(text);
});
