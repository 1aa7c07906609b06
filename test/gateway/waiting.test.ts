import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Engine } from "../../gateway/engine.ts";
import { consumeRequest, fetchRequest, FROM_THE_BEGINNING, ownership, produceValues, settled, take, valuesOf } from "./engine-contract.ts";
import { createManualTime, type ManualTime } from "../helpers/manual-time.ts";
import { engineUnderTest } from "./open-engine.ts";

const NAME = { group: "g", instance: "i" };
const WAITING = { timeoutMs: 1000 } as const;
const AUTO_COMMIT = { ...FROM_THE_BEGINNING, autoCommit: true };
const PARTITION_0 = [{ topic: "t", partition: 0 }];

const openWithTime = async (): Promise<{ engine: Engine; time: ManualTime }> => {
  const time = createManualTime();
  return { engine: await engineUnderTest({ time }), time };
};

const committed = async (engine: Engine) => (await engine.committed(NAME, PARTITION_0))[0]?.offset;

test("wakes a waiting consume by the append itself: no time passes", async () => {
  const { engine } = await openWithTime();
  const waiting = engine.consume(consumeRequest(WAITING));
  await produceValues(engine, 2, "woken");
  expect(valuesOf(settled(await waiting))).toEqual(["woken"]);
});

test("wakes every waiting group and fetch, and leaves no timer and no watcher behind", async () => {
  const { engine, time } = await openWithTime();
  await take(engine, { group: "one" });
  await take(engine, { group: "two" });
  const idle = time.timers();
  const waiting = [
    engine.consume(consumeRequest({ ...WAITING, group: "one" })).then(settled),
    engine.consume(consumeRequest({ ...WAITING, group: "two" })).then(settled),
    engine.fetch(fetchRequest([{ topic: "t", partition: 1, offset: 0 }], WAITING)),
  ];
  await expect.poll(() => time.timers()).toBe(idle + 3);
  await produceValues(engine, 1, "x");
  for (const records of await Promise.all(waiting)) expect(valuesOf(records)).toEqual(["x"]);
  expect(time.timers()).toBe(idle);
});

test("answers nothing when the timeout is over, and not before", async () => {
  const { engine, time } = await openWithTime();
  let answered = false;
  const waiting = engine.consume(consumeRequest(WAITING)).finally(() => (answered = true));
  time.advance(999);
  await engine.topics();
  expect(answered).toBe(false);
  time.advance(1);
  expect(settled(await waiting)).toEqual([]);
});

test("lets a fetch sleep on while others' partitions grow", async () => {
  const { engine, time } = await openWithTime();
  await produceValues(engine, 1, "before the offset");
  const idle = time.timers();
  const waiting = engine.fetch(fetchRequest([{ topic: "t", partition: 1, offset: 1 }], WAITING));
  await produceValues(engine, 0, "elsewhere");
  await produceValues(engine, 1, "this one");
  expect(valuesOf(await waiting)).toEqual(["this one"]);
  expect(time.timers()).toBe(idle);
});

test("wakes a waiting consume when a rebalance gives it partitions with records", async () => {
  const { engine } = await openWithTime();
  await take(engine, { instance: "first" });
  await take(engine, { instance: "second" });
  const taken = (await ownership(engine))["first"]?.[0] ?? -1;
  const waiting = engine.consume(consumeRequest({ ...WAITING, instance: "second" }));
  await produceValues(engine, taken, "left behind");
  await engine.deleteConsumer({ group: "g", instance: "first" });
  expect(valuesOf(settled(await waiting))).toEqual(["left behind"]);
});

test("answers nothing to a consume whose instance is deleted", async () => {
  const { engine } = await openWithTime();
  const waiting = engine.consume(consumeRequest(WAITING));
  await engine.deleteConsumer(NAME);
  expect(settled(await waiting)).toEqual([]);
  expect(await engine.consumers()).toEqual([]);
});

test("ends an instance of which nothing was heard for its session timeout, and gives its partitions to the others", async () => {
  const { engine, time } = await openWithTime();
  const options = { ...FROM_THE_BEGINNING, sessionTimeoutMs: 10_000 };
  await take(engine, { instance: "silent", options });
  await take(engine, { instance: "other" });
  time.advance(9_999);
  expect(Object.keys(await ownership(engine))).toEqual(["silent", "other"]);
  time.advance(1);
  expect(await ownership(engine)).toEqual({ other: [0, 1, 2, 3] });
  await expect(engine.commit({ group: "g", instance: "silent" }, [])).rejects.toMatchObject({ status: 404 });
});

test.each<[string, (engine: Engine) => Promise<unknown>]>([
  ["a consume", (engine) => take(engine)],
  ["a commit", (engine) => engine.commit(NAME, [])],
  ["a committed", (engine) => engine.committed(NAME, PARTITION_0)],
])("keeps the session of an instance alive by %s", async (_, call) => {
  const { engine, time } = await openWithTime();
  await take(engine, { options: { ...FROM_THE_BEGINNING, sessionTimeoutMs: 10_000 } });
  for (let index = 0; index < 5; index += 1) {
    time.advance(9_000);
    await call(engine);
  }
  expect(Object.keys(await ownership(engine))).toEqual(["i"]);
});

test("keeps the session of an instance alive while its consume waits", async () => {
  const { engine, time } = await openWithTime();
  const options = { ...FROM_THE_BEGINNING, sessionTimeoutMs: 10_000 };
  const waiting = engine.consume(consumeRequest({ timeoutMs: 60_000, options }));
  time.advance(59_000);
  expect(Object.keys(await ownership(engine))).toEqual(["i"]);
  await produceValues(engine, 0, "x");
  expect(valuesOf(settled(await waiting))).toEqual(["x"]);
  time.advance(10_000);
  expect(await ownership(engine)).toEqual({});
});

test("lets go of an instance whose client does not read its answer", async () => {
  const { engine, time } = await openWithTime();
  await produceValues(engine, 0, "x");
  const stuck = await engine.consume(consumeRequest({ instance: "stuck" }));
  time.advance(FROM_THE_BEGINNING.sessionTimeoutMs);
  expect(await take(engine, { instance: "next" })).toEqual(["x"]);
  stuck.settle(false);
});

test("commits by itself where it begins, and at each interval what was delivered, and only that", async () => {
  const { engine, time } = await openWithTime();
  await produceValues(engine, 0, "a", "b");
  await take(engine, { options: AUTO_COMMIT, maxRecords: 1 });
  const unanswered = await engine.consume(consumeRequest());
  time.advance(4_999);
  expect(await committed(engine)).toBe(0);
  time.advance(1);
  expect(await committed(engine)).toBe(1);
  unanswered.settle(true);
  await setImmediate();
  time.advance(5_000);
  expect(await committed(engine)).toBe(2);
});

test("commits by itself before a partition gets another owner, and when the instance is deleted", async () => {
  const { engine } = await openWithTime();
  for (const partition of [0, 1, 2, 3]) await produceValues(engine, partition, `${partition}`);
  expect(await take(engine, { instance: "first", options: AUTO_COMMIT })).toHaveLength(4);
  expect(await take(engine, { instance: "second", options: AUTO_COMMIT })).toEqual([]);
  await engine.deleteConsumer({ group: "g", instance: "first" });
  expect(await take(engine, { instance: "second" })).toEqual([]);
});

test("commits nothing by itself when auto-commit is off", async () => {
  const { engine, time } = await openWithTime();
  await produceValues(engine, 0, "a");
  await take(engine);
  time.advance(100_000);
  await engine.deleteConsumer(NAME);
  expect(await committed(engine)).toBeUndefined();
});

test("takes no more instances than it can hold, and takes others again when some have ended", async () => {
  const { engine } = await openWithTime();
  for (let index = 0; index < 20_000; index += 1) await take(engine, { group: `group ${index}` });
  await expect(engine.consume(consumeRequest({ group: "one more" }))).rejects.toMatchObject({ status: 503, retryAfterSeconds: 10 });
  await engine.deleteConsumer({ group: "group 7", instance: "i" });
  expect(await take(engine, { group: "one more" })).toEqual([]);
});
