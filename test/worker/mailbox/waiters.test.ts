import { describe, expect, test } from "vitest";
import { MAX_WAIT_SECONDS } from "../../../protocol/limits.ts";
import { createWaiters } from "../../../worker/mailbox/waiters.ts";
import { expire } from "../../../worker/mailbox/rules.ts";

/** Timers that fire when the test says so. */
const manualTimers = () => {
  const pending = new Map<number, { callback: () => void; ms: number }>();
  let next = 1;
  return {
    pending,
    setTimeout: (callback: () => void, ms: number) => (pending.set(next, { callback, ms }), next++),
    clearTimeout: (timer: unknown) => void pending.delete(timer as number),
    fireAll: () => [...pending.values()].forEach(({ callback }) => callback()),
  };
};
const status = expire(undefined, 0);

describe("waiters", () => {
  test("are all woken by the reply, and leave nothing behind", async () => {
    const timers = manualTimers();
    const waiters = createWaiters({ time: timers });
    const waits = [waiters.wait("a", 1_000), waiters.wait("a", 2_000), waiters.wait("b", 1_000)];
    waiters.wake("a", status);
    expect(await Promise.all(waits.slice(0, 2).map(({ ended }) => ended))).toEqual([status, status]);
    expect(waiters.count).toBe(1);
    expect(timers.pending.size).toBe(1);
  });

  test("for any change are woken by the first news, and those for the end are not", async () => {
    const waiters = createWaiters({ time: manualTimers() });
    const change = waiters.wait("a", 1_000, "change");
    const end = waiters.wait("a", 1_000);
    const processing = { ...status, state: "processing" as const };
    waiters.wake("a", processing);
    expect([await change.ended, waiters.count]).toEqual([processing, 1]);
    waiters.wake("a", status);
    expect([await end.ended, waiters.count]).toEqual([status, 0]);
  });

  test("end with nothing when the wait is over, and leave nothing behind", async () => {
    const timers = manualTimers();
    const waiters = createWaiters({ time: timers });
    const { ended } = waiters.wait("a", 1_000);
    timers.fireAll();
    expect(await ended).toBeUndefined();
    expect([waiters.count, timers.pending.size]).toEqual([0, 0]);
    waiters.wake("a", status);
    expect(waiters.count).toBe(0);
  });

  test("never wait longer than the cap, since a client that goes away cancels nothing", () => {
    const timers = manualTimers();
    createWaiters({ time: timers }).wait("a", 3_600_000);
    expect([...timers.pending.values()].map(({ ms }) => ms)).toEqual([MAX_WAIT_SECONDS * 1_000]);
  });

  test("are bounded in number", () => {
    const waiters = createWaiters({ time: manualTimers(), maxWaiters: 2 });
    const first = waiters.wait("a", 1_000);
    expect(waiters.isFull).toBe(false);
    waiters.wait("b", 1_000);
    expect(waiters.isFull).toBe(true);
    first.cancel();
    first.cancel();
    expect([waiters.isFull, waiters.count]).toEqual([false, 1]);
  });
});
