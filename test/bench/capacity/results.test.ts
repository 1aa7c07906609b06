import { expect, test } from "vitest";
import { formatColdStarts, summarizeColdStarts } from "../../../bench/capacity/cold-start.ts";
import { formatCrowdedWakeUp, summarizeCrowdedWakeUp } from "../../../bench/capacity/crowded-wake-up.ts";
import { findObstacle, type Outstanding } from "../../../bench/capacity/outstanding.ts";
import { findNotAtOnce, formatOutstanding, summarizeOutstanding } from "../../../bench/capacity/outstanding-result.ts";
import { formatVariants } from "../../../bench/capacity/table.ts";
import { summarizeVariants } from "../../../bench/capacity/variants.ts";
import { createMeasurement } from "../measurement.ts";

const MIB = 2 ** 20;

const outstanding = (peakMib: number, mostAtOnce: number, right: number): Outstanding => ({
  callers: {
    count: 100,
    rampMs: 8_000,
    mostAtOnce,
    right,
    wrong: right < 100 ? { "Expected 200, got 503": 100 - right } : {},
    beyondHandlerP50Us: 1_000,
    beyondHandlerP99Us: 2_000,
  },
  handlerMs: 10_000,
  idle: { totalBytes: 50 * MIB, byProcess: [{ name: "workerd", bytes: 50 * MIB }] },
  peak: { totalBytes: peakMib * MIB, byProcess: [{ name: "workerd", bytes: peakMib * MIB }] },
});

test("memory and wrong answers are held against their goals", () => {
  expect(summarizeOutstanding("embedded", outstanding(600, 100, 100)).goals.map(({ met }) => met)).toEqual([true, true]);
  expect(summarizeOutstanding("embedded", outstanding(601, 100, 99)).goals.map(({ met }) => met)).toEqual([false, false]);
});

test("fewer at once than there should be is no result to be trusted", () => {
  expect(findNotAtOnce(summarizeOutstanding("embedded", outstanding(600, 100, 100)))).toEqual([]);
  expect(findNotAtOnce(summarizeOutstanding("on Kafka", outstanding(600, 80, 100)))).toEqual([
    "outstanding, on Kafka: only 80 of 100 were under way at once",
  ]);
});

test("memory is told by process, and what came instead of the right answer by its kind", () => {
  const lines = formatOutstanding(summarizeOutstanding("embedded", outstanding(601, 100, 99))).split("\n");
  expect(lines[0]).toContain("100 requests that wait at once for a handler of 10 s, embedded, 4 mailbox shards");
  expect(lines).toContain("  1 ×: Expected 200, got 503");
  expect(lines.find((line) => line.startsWith("  peak"))).toMatch(/601 +601$/);
});

test("where so many connections cannot be, it says what it takes", () => {
  expect(findObstacle(10_000, true, 20_000)).toBeUndefined();
  expect(findObstacle(10_000, true, 1_024)).toBe(
    "A process may have 1024 files open, and 10000 connections take 10500: run `ulimit -n 10500` before.",
  );
  expect(findObstacle(10_000, false)).toContain("It takes Linux");
});

test("a wake-up in a crowd is compared with one alone in the same round", () => {
  const wakeUp = (wakeUpUs: number) => ({ replyToAnswerUs: wakeUpUs + 500, readUs: 500, wakeUpUs });
  const result = summarizeCrowdedWakeUp({ alone: [wakeUp(1_000), wakeUp(4_000)], crowded: [wakeUp(1_500), wakeUp(6_000)] });
  expect(result.crowdedToAlone).toEqual({ median: 1.5, min: 1.5, max: 1.5 });
  expect(formatCrowdedWakeUp(result).split("\n")).toHaveLength(3);
});

test("a variant is compared with the first one in the same round", () => {
  const rounds = (rates: readonly number[]) => rates.map((rate) => createMeasurement(32, rate, 1_000));
  const rows = summarizeVariants([
    { name: "1 shard", connections: 32, rounds: rounds([1_000, 200]), arithmeticMs: [] },
    { name: "4 shards", connections: 32, rounds: rounds([500, 100]), arithmeticMs: [] },
  ]);
  expect(rows.map(({ rateToFirst }) => rateToFirst.median)).toEqual([1, 0.5]);
  expect(formatVariants("a sum", rows).split("\n")[2]).toMatch(/^ {2}4 shards .* 0\.50$/);
});

test("the first answer is as late as the start and the first request together", () => {
  const result = summarizeColdStarts([
    { readyMs: 1_000, firstMs: 60, warmMs: 6 },
    { readyMs: 2_000, firstMs: 40, warmMs: 8 },
  ]);
  expect(result.firstAnswerMs).toEqual({ median: 1_550, min: 1_060, max: 2_040 });
  expect(result.firstToWarm).toEqual({ median: 7.5, min: 5, max: 10 });
  expect(formatColdStarts(result).split("\n")).toHaveLength(6);
});
