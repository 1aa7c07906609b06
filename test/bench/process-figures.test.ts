import { expect, test } from "vitest";
import { measureArithmetic } from "../../bench/cases.ts";
import { isLinux, readProportionalBytes, readResidentBytes, readThreadTimes, usedBetween } from "../../bench/process-figures.ts";

const MS = 1_000_000;
/** No system has a process of this number. */
const NOBODY = 2 ** 30;

test("the memory of a process that runs is known, and that of one that does not is an error", async () => {
  expect(await readResidentBytes(process.pid)).toBeGreaterThan(2 ** 20);
  await expect(readResidentBytes(NOBODY)).rejects.toThrow();
});

test.runIf(isLinux)("its share of what it shares is not more", async () => {
  expect(await readProportionalBytes(process.pid)).toBeGreaterThan(2 ** 20);
  await expect(readProportionalBytes(NOBODY)).rejects.toThrow();
});

test("a thread that is new counts from its beginning, and one that has ended not at all", () => {
  const before = { a: 5 * MS, b: 7 * MS };
  const after = { a: 8 * MS, c: 2 * MS };
  expect(usedBetween(new Map(Object.entries(before)), new Map(Object.entries(after)))).toBe(5 * MS);
});

test.runIf(isLinux)("what this process computes is its own", async () => {
  const before = await readThreadTimes([process.pid]);
  measureArithmetic();
  expect(usedBetween(before, await readThreadTimes([process.pid]))).toBeGreaterThan(MS);
  await expect(readThreadTimes([NOBODY])).rejects.toThrow();
});
