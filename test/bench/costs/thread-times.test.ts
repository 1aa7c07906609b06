import { expect, test } from "vitest";
import { measureArithmetic } from "../../../bench/steadiness.ts";
import { knowsThreadTimes, readThreadTimes, usedBetween } from "../../../bench/costs/thread-times.ts";

const MS = 1_000_000;

test("a thread that is new counts from its beginning, and one that has ended not at all", () => {
  const before = new Map([
    ["1", 5 * MS],
    ["2", 7 * MS],
  ]);
  const after = new Map([
    ["1", 8 * MS],
    ["3", 2 * MS],
  ]);
  expect(usedBetween(before, after)).toBe(5 * MS);
});

test.runIf(knowsThreadTimes)("what this process computes is its own", async () => {
  const before = await readThreadTimes(process.pid);
  measureArithmetic();
  expect(usedBetween(before, await readThreadTimes(process.pid))).toBeGreaterThan(MS);
  // No system has a process of this number.
  await expect(readThreadTimes(2 ** 30)).rejects.toThrow();
});
