import { expect, test } from "vitest";
import { countBindings, countStorage, createCallCounter, createCounts } from "../../../../bench/costs/counted/counts.ts";

test("a statement counts what it reads when its rows are taken, and what it writes at once", () => {
  const counts = createCounts();
  const createCursor = (written: number) => ({
    rowsRead: 0,
    rowsWritten: written,
    toArray() {
      this.rowsRead = 3;
      return ["a", "b", "c"];
    },
  });
  const storage = { sql: { exec: (_query: string, written: number) => createCursor(written) }, setAlarm: async (_atMs: number) => {} };
  countStorage(storage, counts);
  storage.sql.exec("INSERT", 2);
  expect([counts.rowsRead, counts.rowsWritten]).toEqual([0, 2]);
  expect(storage.sql.exec("SELECT", 0).toArray()).toEqual(["a", "b", "c"]);
  expect([counts.rowsRead, counts.rowsWritten]).toEqual([3, 2]);
});

test("each alarm that is set counts", async () => {
  const counts = createCounts();
  const set: number[] = [];
  const storage = {
    sql: { exec: () => ({ rowsRead: 0, rowsWritten: 0, toArray: () => [] }) },
    setAlarm: async (atMs: number) => void set.push(atMs),
  };
  countStorage(storage, counts);
  await storage.setAlarm(5);
  expect([set, counts.alarmsSet, counts.rowsWritten]).toEqual([[5], 1, 0]);
});

test("calls count one by one, and their time together", async () => {
  const counts = createCounts();
  let now = 0;
  const countCall = createCallCounter(counts, () => now);
  const first = Promise.withResolvers<string>();
  const calls = [countCall("request", () => first.promise), countCall("deliver", () => "delivered")];
  now = 10;
  first.resolve("replied");
  expect(await Promise.all(calls)).toEqual(["replied", "delivered"]);
  now = 100;
  await expect(countCall("read", () => Promise.reject(new Error("reset")))).rejects.toThrow("reset");
  expect(counts.objectCalls).toEqual({ request: 1, deliver: 1, read: 1 });
  expect(counts.objectActiveMs).toBe(10);
});

test("what is done with KV and the proxy counts, and other bindings stay as they are", async () => {
  const counts = createCounts();
  const kept = new Map<string, string>();
  const env = {
    REPLIES: { get: async (key: string) => kept.get(key) ?? null, put: async (key: string, value: string) => void kept.set(key, value) },
    KAFKA_REST: { fetch: async () => "produced" },
    AUTH: "public",
  };
  const { REPLIES, KAFKA_REST, AUTH } = countBindings(env, counts);
  await REPLIES.put("id", "status");
  expect([await REPLIES.get("id"), await KAFKA_REST.fetch(), AUTH]).toEqual(["status", "produced", "public"]);
  expect(counts).toMatchObject({ kvOperations: { put: 1, get: 1 }, outgoingFetches: 1 });
});
