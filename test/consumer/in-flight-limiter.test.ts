import { expect, test } from "vitest";
import { createWindow } from "../../consumer/in-flight-limiter.ts";

const never = new AbortController().signal;

/** Whether a promise has resolved by the time that everything else has had its turn. */
const isResolved = async (promise: Promise<unknown>): Promise<boolean> => {
  let resolved = false;
  void promise.then(() => (resolved = true));
  await new Promise((resolve) => setImmediate(resolve));
  return resolved;
};

test("there is no room for one more than the most records, until one leaves", async () => {
  const window = createWindow({ maxRecords: 2, maxBytes: 1_000 });
  window.enter(1);
  expect(await isResolved(window.room(never))).toBe(true);
  window.enter(1);
  const room = window.room(never);
  expect(await isResolved(room)).toBe(false);
  window.leave(1);
  expect(await isResolved(room)).toBe(true);
});

test("there is no room past the most bytes, but one large record may go alone", async () => {
  const window = createWindow({ maxRecords: 10, maxBytes: 100 });
  expect(await isResolved(window.room(never))).toBe(true);
  window.enter(5_000);
  const room = window.room(never);
  expect(await isResolved(room)).toBe(false);
  window.leave(5_000);
  expect(await isResolved(room)).toBe(true);
});

test("whoever waits for an empty window waits for the last record", async () => {
  const window = createWindow({ maxRecords: 10, maxBytes: 100 });
  window.enter(1);
  window.enter(1);
  const empty = window.empty(never);
  window.leave(1);
  expect(await isResolved(empty)).toBe(false);
  window.leave(1);
  expect(await isResolved(empty)).toBe(true);
});

test("nobody waits any longer once told to stop", async () => {
  const window = createWindow({ maxRecords: 1, maxBytes: 100 });
  const stop = new AbortController();
  window.enter(1);
  const room = window.room(stop.signal);
  stop.abort();
  expect(await isResolved(room)).toBe(true);
  expect(await isResolved(window.room(stop.signal))).toBe(true);
});
