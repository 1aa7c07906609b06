import { expect, test } from "vitest";
import { createInFlightLimiter } from "../../consumer/in-flight-limiter.ts";

const never = new AbortController().signal;

/** Whether a promise has resolved by the time that everything else has had its turn. */
const isResolved = async (promise: Promise<unknown>): Promise<boolean> => {
  let resolved = false;
  void promise.then(() => (resolved = true));
  await new Promise((resolve) => setImmediate(resolve));
  return resolved;
};

test("there is no room for one more than the most records, until one leaves", async () => {
  const limiter = createInFlightLimiter({ maxRecords: 2, maxBytes: 1_000 });
  limiter.enter(1);
  expect(await isResolved(limiter.room(never))).toBe(true);
  limiter.enter(1);
  const room = limiter.room(never);
  expect(await isResolved(room)).toBe(false);
  limiter.leave(1);
  expect(await isResolved(room)).toBe(true);
});

test("there is no room past the most bytes, but one large record may go alone", async () => {
  const limiter = createInFlightLimiter({ maxRecords: 10, maxBytes: 100 });
  expect(await isResolved(limiter.room(never))).toBe(true);
  limiter.enter(5_000);
  const room = limiter.room(never);
  expect(await isResolved(room)).toBe(false);
  limiter.leave(5_000);
  expect(await isResolved(room)).toBe(true);
});

test("whoever waits until nothing is in flight waits for the last record", async () => {
  const limiter = createInFlightLimiter({ maxRecords: 10, maxBytes: 100 });
  limiter.enter(1);
  limiter.enter(1);
  const empty = limiter.empty(never);
  limiter.leave(1);
  expect(await isResolved(empty)).toBe(false);
  limiter.leave(1);
  expect(await isResolved(empty)).toBe(true);
});

test("nobody waits any longer once told to stop", async () => {
  const limiter = createInFlightLimiter({ maxRecords: 1, maxBytes: 100 });
  const stop = new AbortController();
  limiter.enter(1);
  const room = limiter.room(stop.signal);
  stop.abort();
  expect(await isResolved(room)).toBe(true);
  expect(await isResolved(limiter.room(stop.signal))).toBe(true);
});
