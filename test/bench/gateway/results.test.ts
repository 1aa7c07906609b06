import { expect, test } from "vitest";
import type { Fsync } from "../../../bench/fsync.ts";
import { summarize } from "../../../bench/gateway/results.ts";
import type { SuiteResult } from "../../../bench/gateway/suite.ts";
import { formatResult } from "../../../bench/gateway/table.ts";
import { createMeasurement } from "../measurement.ts";

/** @param rates of a produce at 32 connections, and of a post of 100 records */
const suite = (fsync: Fsync, rates: { produce: number; large: number; lastToSecond: number }): SuiteResult => {
  const measured = (connections: number, rate: number) => ({
    connections,
    rounds: [createMeasurement(connections, rate, 500), createMeasurement(connections, rate / 2, 900)],
    arithmeticMs: [7, 8],
  });
  return {
    fsync,
    cases: [
      { name: "produce", ...measured(1, 2_000) },
      { name: "bare produce", ...measured(1, 4_000) },
      { name: "produce", ...measured(32, rates.produce) },
      { name: "bare produce", ...measured(32, 20_000) },
      { name: "produce 100", ...measured(4, rates.large) },
      { name: "bare produce 100", ...measured(4, 8_000) },
      { name: "consume", ...measured(1, 200) },
      { name: "bare consume", ...measured(1, 1_000) },
    ],
    recordsOf: { produce: 1, "produce 100": 100, consume: 500 },
    wakeUps: [
      { wakeUpUs: 900, produceUs: 400, bareProduceUs: 300, bareEmptyUs: 200 },
      { wakeUpUs: 5_000, produceUs: 4_000, bareProduceUs: 3_000, bareEmptyUs: 2_000 },
    ],
    flood: {
      seconds: 20,
      idleBytes: mebibytes(60),
      load: createMeasurement(32, 1_000, 20_000),
      produces: { ok: 19_000, unavailable: 1_000 },
      consumes: { ok: 500, unavailable: 0 },
      memory: {
        windowMs: 5_000,
        windowBytes: [100, 200, 210, 220].map(mebibytes),
        lastToSecond: rates.lastToSecond,
        peakBytes: mebibytes(230),
      },
      logBytes: mebibytes(190),
    },
  };
};

const mebibytes = (count: number): number => count * 2 ** 20;

const GOOD = { produce: 12_000, large: 800, lastToSecond: 1.1 };
const BAD = { produce: 9_000, large: 600, lastToSecond: 1.11 };

test("the gateway is compared with the bare server within each round", () => {
  const { rows } = summarize(suite("os", GOOD));
  expect(rows.map(({ name, connections, rateToBare }) => [name, connections, rateToBare.median])).toEqual([
    ["produce", 1, 0.5],
    ["produce", 32, 0.6],
    ["produce 100", 4, 0.1],
    ["consume", 1, 0.2],
  ]);
});

test("records are counted, however many a request moves", () => {
  const { rows } = summarize(suite("os", GOOD));
  expect(rows.map(({ recordsPerSecond }) => recordsPerSecond.median)).toEqual([1_500, 9_000, 60_000, 75_000]);
});

test("each goal says whether it was met, and what waits for the disk has none but that of memory", () => {
  expect(summarize(suite("os", GOOD)).goals.map(({ met }) => met)).toEqual([true, true, true]);
  expect(summarize(suite("os", BAD)).goals.map(({ met }) => met)).toEqual([false, false, false]);
  expect(summarize(suite("always", BAD)).goals.map(({ name }) => name)).toEqual(["flood: memory at the end ÷ second window"]);
});

test("the wake-up stands beside one produce and one empty exchange", () => {
  expect(summarize(suite("os", GOOD)).wakeUp).toEqual({
    p50Us: 900,
    p99Us: 5_000,
    produceUs: 400,
    bareProduceUs: 300,
    bareEmptyUs: 200,
    toProduceAndEmpty: 1.5,
  });
});

test("the table has a line for each comparison, the wake-up, the flood and each goal", () => {
  const text = formatResult(summarize(suite("os", GOOD)));
  expect(text).toMatch(/^the gateway alone, fsync os\n/);
  expect(text).toMatch(/^produce 100 +4 +600 +60,000 +700 +2,100 +700 +0\.10$/m);
  expect(text).toMatch(/^consume \+ commit +1 +150 +75,000 /m);
  expect(text).toContain("answered p50 900 µs, p99 5,000 µs");
  expect(text).toContain("produces: 19,000 × 200, 1,000 × 503; consumes and commits: 500 × 200, 0 × 503");
  expect(text).toContain("in windows of 5 s: 100 200 210 220; peak 230; log folder at the end: 190");
  expect(text).toMatch(/^100 records per post +60,000 \(40,000–80,000\) +records\/s +≥ 50,000 +met$/m);
});
