import { expect, test } from "vitest";
import { createReadiness } from "../../../consumer/observe/readiness.ts";

const open = () => {
  let now = 0;
  const readiness = createReadiness(() => now);
  return { readiness, pass: (seconds: number) => void (now += seconds * 1_000) };
};

test("a consumer is ready from when it has joined its group until it drains", () => {
  const { readiness } = open();
  expect(readiness.problems()).toEqual(["The consumer is not a member of its group yet."]);
  readiness.joined();
  expect(readiness.problems()).toEqual([]);
  readiness.draining();
  expect(readiness.problems()).toEqual(["The consumer is stopping."]);
});

test("one that is told to stop while it joins does not become ready", () => {
  const { readiness } = open();
  readiness.draining();
  readiness.joined();
  expect(readiness.problems()).toEqual(["The consumer is stopping."]);
});

test("it stays ready while the Worker is deployed, and is not when the Worker has been away for long, until it is back", () => {
  const { readiness, pass } = open();
  readiness.joined();
  readiness.workerReached(false);
  pass(10);
  readiness.workerReached(false);
  expect(readiness.problems()).toEqual([]);
  pass(1);
  expect(readiness.problems()).toEqual(["Nothing could be delivered to the Worker for 11 s: the log says why."]);
  readiness.workerReached(true);
  expect(readiness.problems()).toEqual([]);
});
