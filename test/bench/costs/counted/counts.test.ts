import { expect, test } from "vitest";
import { type Counts, countStorage, createCallCounter, observe, subtract } from "../../../../bench/costs/counted/counts.ts";

test("a statement counts what it reads when its rows are taken, and what it writes at once", () => {
  const counts: Counts = {};
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
  expect([counts["rows read"], counts["rows written"]]).toEqual([0, 2]);
  expect(storage.sql.exec("SELECT", 0).toArray()).toEqual(["a", "b", "c"]);
  expect([counts["rows read"], counts["rows written"]]).toEqual([3, 2]);
});

test("each alarm that is set counts", async () => {
  const counts: Counts = {};
  const set: number[] = [];
  const storage = {
    sql: { exec: () => ({ rowsRead: 0, rowsWritten: 0, toArray: () => [] }) },
    setAlarm: async (atMs: number) => void set.push(atMs),
  };
  countStorage(storage, counts);
  await storage.setAlarm(5);
  expect([set, counts]).toEqual([[5], { "alarms set": 1 }]);
});

test("calls count one by one, and their time together", async () => {
  const counts: Counts = {};
  let now = 0;
  const countCall = createCallCounter(counts, () => now);
  const first = Promise.withResolvers<string>();
  const calls = [countCall("request", () => first.promise), countCall("deliver", () => "delivered")];
  now = 10;
  first.resolve("replied");
  expect(await Promise.all(calls)).toEqual(["replied", "delivered"]);
  now = 100;
  await expect(countCall("read", () => Promise.reject(new Error("reset")))).rejects.toThrow("reset");
  expect(counts).toEqual({ "call request": 1, "call deliver": 1, "call read": 1, "object ms": 10 });
});

test("calls of what is observed are told, and do what they did", async () => {
  const [kept, told] = [new Map<string, string>(), [] as string[]];
  const kv = { get: async (key: string) => kept.get(key) ?? null, put: async (key: string, value: string) => void kept.set(key, value) };
  const observed = observe(kv, (name) => void told.push(name));
  await observed.put("key", "value");
  expect([await observed.get("key"), told]).toEqual(["value", ["put", "get"]]);
});

test("what was counted between two moments is the difference", () => {
  expect(subtract({ "KV get": 5, fetches: 2 }, { "KV get": 3 })).toEqual({ "KV get": 2, fetches: 2 });
});
