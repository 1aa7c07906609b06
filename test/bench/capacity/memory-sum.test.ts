import { expect, onTestFinished, test, vi } from "vitest";
import { watchMemorySum } from "../../../bench/capacity/memory-sum.ts";

const PROCESSES = [
  { name: "gateway", pid: 1 },
  { name: "workerd", pid: 2 },
] as const;

const watch = async (samples: Readonly<Record<number, readonly number[]>>) => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const looks = new Map<number, number>();
  const watched = await watchMemorySum(PROCESSES, async (pid) => {
    const look = looks.get(pid) ?? 0;
    looks.set(pid, look + 1);
    const bytes = samples[pid]?.[look];
    if (bytes === undefined) throw new Error(`There is no process ${pid}`);
    return bytes;
  });
  onTestFinished(() => watched.end());
  return watched;
};

test("the peak is that of the sum, not of each process", async () => {
  const watched = await watch({ 1: [10, 90, 20], 2: [10, 20, 100] });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(watched.peak()).toEqual({
    totalBytes: 120,
    byProcess: [
      { name: "gateway", bytes: 20 },
      { name: "workerd", bytes: 100 },
    ],
  });
});

test("a process that ends meanwhile is not taken for one that holds nothing", async () => {
  const watched = await watch({ 1: [10, 10], 2: [10] });
  await vi.advanceTimersByTimeAsync(500);
  expect(() => watched.peak()).toThrow("There is no process 2");
});
