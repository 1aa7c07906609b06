import { expect, test } from "vitest";
import type { PartitionLag } from "../../../protocol/link.ts";
import { createLagInquiry } from "../../../worker/link/lag-inquiry.ts";
import type { LinkSocket } from "../../../worker/link/link-endpoint.ts";

const LAG: readonly PartitionLag[] = [{ topic: "requests", partition: 0, lag: 3 }];

/** A socket, and the numbers of the questions that it was sent. */
const createSocket = (instance: string, takesLag = true) => {
  const asked: number[] = [];
  const consumer: LinkSocket["consumer"] = { instance, version: "0.1.0", operations: [], takesCancel: false, takesLag };
  return { asked, consumer, send: (text: string) => void asked.push((JSON.parse(text) as { ask: number }).ask) };
};

/** Timers that a test runs by hand. */
const createTimers = () => {
  const timers = new Set<() => void>();
  const time = {
    now: () => 0,
    elapsed: () => 0,
    setTimeout: (callback: () => void) => (timers.add(callback), callback),
    clearTimeout: (timer: unknown) => void timers.delete(timer as () => void),
    setImmediate: () => undefined,
  };
  return { time, timers };
};

test("all are waited for, and no timer is left", async () => {
  const { time, timers } = createTimers();
  const inquiry = createLagInquiry(time);
  const [one, older, other] = [createSocket("one"), createSocket("older", false), createSocket("other")];
  const answers = inquiry.ask([one, older, other]);
  inquiry.answered(other, { type: "lag", ask: other.asked[0] ?? -1, partitions: [] });
  inquiry.answered(one, { type: "lag", ask: one.asked[0] ?? -1, partitions: LAG });
  expect(await answers).toEqual([LAG, undefined, []]);
  expect([older.asked, timers.size]).toEqual([[], 0]);
});

test("who is late, or answers for another, is left out", async () => {
  const { time, timers } = createTimers();
  const inquiry = createLagInquiry(time);
  const [one, other] = [createSocket("one"), createSocket("other")];
  const answers = inquiry.ask([one, other]);
  inquiry.answered(one, { type: "lag", ask: other.asked[0] ?? -1, partitions: [] });
  inquiry.answered(one, { type: "lag", ask: one.asked[0] ?? -1, partitions: LAG });
  for (const callback of timers) callback();
  expect(await answers).toEqual([LAG, undefined]);
});

test("nobody is waited for where nobody can be asked", async () => {
  const { time, timers } = createTimers();
  expect(await createLagInquiry(time).ask([createSocket("older", false)])).toEqual([undefined]);
  expect(timers.size).toBe(0);
});
