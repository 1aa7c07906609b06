import { expect, test } from "vitest";
import { type MemorySample, summarizeMemory } from "../../../bench/gateway/flood.ts";

const MINUTE_MS = 60_000;

/** A sample a second. */
const sample = (seconds: number, bytesAt: (second: number) => number): MemorySample[] =>
  Array.from({ length: seconds }, (_, second) => ({ atMs: second * 1_000 + 3, bytes: bytesAt(second) }));

test("the last minute is compared with the second, whatever the first was", () => {
  const memory = summarizeMemory(
    sample(600, (second) => (second < 60 ? 10 : second < 120 ? 100 : second < 540 ? 500 : 110)),
    10 * MINUTE_MS,
  );
  expect(memory).toMatchObject({ windowMs: MINUTE_MS, lastToSecond: 1.1, peakBytes: 500 });
  expect(memory.windowBytes).toEqual([10, 100, 500, 500, 500, 500, 500, 500, 500, 110]);
});

test("of a short flood it is quarters", () => {
  const memory = summarizeMemory(
    sample(20, (second) => second),
    20_000,
  );
  expect(memory).toEqual({ windowMs: 5_000, windowBytes: [2, 7, 12, 17], lastToSecond: 17 / 7, peakBytes: 19 });
});

test("one sample that stands out changes nothing but the peak", () => {
  const memory = summarizeMemory(
    sample(20, (second) => (second === 17 ? 900 : 100)),
    20_000,
  );
  expect(memory).toMatchObject({ lastToSecond: 1, peakBytes: 900 });
});

test("a window without a sample is not taken for flat", () => {
  expect(() =>
    summarizeMemory(
      sample(14, () => 100),
      20_000,
    ),
  ).toThrow(TypeError);
});
