import { expect, test } from "vitest";
import { createEntry } from "../../../console/requests/entry.ts";
import { createLog } from "../../../console/requests/log.ts";

const entry = (id: string, sentAt: number) =>
  createEntry({ id, traceparent: "", operation: "sum", request: {}, sentAt, isOneOfMany: false });

test("the newest are first, and the oldest are forgotten when there are too many", () => {
  const log = createLog(2);
  const forgotten: string[] = [];
  log.onChange((id, changed) => void (changed === undefined && forgotten.push(id)));
  for (const [id, sentAt] of [
    ["b", 2],
    ["a", 1],
    ["c", 3],
  ] as const)
    log.put(entry(id, sentAt));
  expect(log.entries().map(({ id }) => id)).toEqual(["c", "b"]);
  expect(forgotten).toEqual(["a"]);
});

test("who listens no longer is told nothing more", () => {
  const log = createLog();
  const told: string[] = [];
  const stop = log.onChange((id) => void told.push(id));
  log.put(entry("a", 1));
  log.forget("a");
  log.forget("a");
  stop();
  log.put(entry("b", 1));
  expect(told).toEqual(["a", "a"]);
});
