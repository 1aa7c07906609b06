import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Engine } from "../../gateway/engine.ts";
import { consumeRequest, fetchRequest, FROM_THE_BEGINNING, produceValues, take, valuesOf } from "./engine-contract.ts";
import { createManualTime } from "../helpers/manual-time.ts";
import { engineUnderTest, openEngine } from "./open-engine.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const HOUR = 3_600_000;
const KIB = 1024;
const PLACE = { topic: "t", partition: 0 } as const;
const EVERYTHING = { ms: undefined, bytes: undefined } as const;

const earliest = async (engine: Engine) => (await engine.offsetsAt("earliest", [PLACE]))[0]?.offset;
const latest = async (engine: Engine) => (await engine.offsetsAt("latest", [PLACE]))[0]?.offset;
const kept = async (engine: Engine) => valuesOf(await engine.fetch(fetchRequest([{ ...PLACE, offset: 0 }])));

test("removes records when they were stored longer ago than retention.ms, whatever timestamp they bear", async () => {
  const time = createManualTime();
  const engine = await engineUnderTest({ time, retention: { ms: 10 * HOUR, bytes: undefined } });
  await produceValues(engine, 0, "first");
  time.advance(5 * HOUR);
  const inSeconds = Math.floor(time.now() / 1000);
  await engine.produce([{ ...PLACE, value: "timestamp in seconds", timestamp: inSeconds, headers: [] }]);
  time.advance(4 * HOUR);
  await produceValues(engine, 0, "last");
  expect(await kept(engine)).toEqual(["first", "timestamp in seconds", "last"]);
  time.advance(2 * HOUR);
  await expect.poll(() => kept(engine)).toEqual(["timestamp in seconds", "last"]);
  time.advance(20 * HOUR);
  await expect.poll(() => kept(engine)).toEqual([]);
  expect([await earliest(engine), await latest(engine)]).toEqual([3, 3]);
});

test("goes on with the next offset when everything was removed, also after a restart", async () => {
  const time = createManualTime();
  const options = { time, dataDir: await temporaryFolder(), retention: { ms: HOUR, bytes: undefined } };
  const before = await openEngine(options);
  await produceValues(before, 0, "a", "b");
  time.advance(2 * HOUR);
  await expect.poll(() => earliest(before)).toBe(2);
  await before.close();
  const after = await engineUnderTest(options);
  expect(await produceValues(after, 0, "c")).toMatchObject([{ offset: 2 }]);
  expect(await kept(after)).toEqual(["c"]);
});

test("keeps at least retention.bytes of a partition, and a tenth more at most", async () => {
  const engine = await engineUnderTest({ retention: { ms: undefined, bytes: 100 * KIB } });
  for (let index = 0; index < 300; index += 1) await produceValues(engine, 0, String(index).padStart(KIB, "0"));
  await produceValues(engine, 1, "another partition");
  await expect.poll(() => kept(engine).then(({ length }) => length)).toBeLessThanOrEqual(112);
  const values = await kept(engine);
  expect(values.length).toBeGreaterThanOrEqual(99);
  expect(values.map(Number)).toEqual(values.map((_, index) => 300 - values.length + index));
  expect(await engine.fetch(fetchRequest([{ topic: "t", partition: 1, offset: 0 }]))).toHaveLength(1);
});

test("counts on over restarts how long ago a record was stored", async () => {
  const time = createManualTime();
  const options = { time, dataDir: await temporaryFolder(), retention: { ms: 3 * HOUR, bytes: undefined } };
  const first = await openEngine(options);
  await produceValues(first, 0, "a");
  await first.close();
  time.advance(2 * HOUR);
  const second = await openEngine(options);
  expect(await kept(second)).toEqual(["a"]);
  await second.close();
  time.advance(2 * HOUR);
  const third = await engineUnderTest(options);
  await expect.poll(() => kept(third)).toEqual([]);
});

test("lets a topic say for itself how long its records are kept", async () => {
  const time = createManualTime();
  const topics = { t: { partitions: 1, retention: EVERYTHING }, u: { partitions: 1 } };
  const engine = await engineUnderTest({ time, topics, retention: { ms: HOUR, bytes: undefined } });
  await engine.produce(["t", "u"].map((topic) => ({ topic, value: "x", headers: [] })));
  time.advance(2 * HOUR);
  await expect.poll(async () => (await engine.offsetsAt("earliest", [{ topic: "u", partition: 0 }]))[0]?.offset).toBe(1);
  expect(await earliest(engine)).toBe(0);
});

test("goes on with the first record that is kept where the next one is not, and refuses to if the reset is none", async () => {
  const time = createManualTime();
  const engine = await engineUnderTest({ time, topics: { t: 1 }, retention: { ms: HOUR, bytes: undefined } });
  await produceValues(engine, 0, "a", "b");
  const group = (name: string, autoOffsetReset: "latest" | "none") => ({
    group: name,
    options: { ...FROM_THE_BEGINNING, autoOffsetReset },
  });
  for (const name of ["behind", "strict"]) {
    await take(engine, { group: name, maxRecords: 1 });
    await engine.commit({ group: name, instance: "i" }, []);
    await engine.deleteConsumer({ group: name, instance: "i" });
  }
  time.advance(2 * HOUR);
  await expect.poll(() => earliest(engine)).toBe(2);
  await produceValues(engine, 0, "c");
  expect(await take(engine, group("behind", "latest"))).toEqual(["c"]);
  await expect(engine.consume(consumeRequest(group("strict", "none")))).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining("no longer kept for partition 0"),
  });
});

test("gives the disk back what removed records took", async () => {
  const time = createManualTime();
  const dataDir = await temporaryFolder();
  const engine = await openEngine({ time, dataDir, retention: { ms: HOUR, bytes: undefined } });
  for (let index = 0; index < 40; index += 1) await produceValues(engine, 0, "x".repeat(KIB * KIB));
  time.advance(2 * HOUR);
  await expect.poll(() => earliest(engine)).toBe(40);
  // Each step has a turn of the event loop, and a few are enough.
  for (let turn = 0; turn < 50; turn += 1) await setImmediate();
  // Closing writes all of the write-ahead log into the file.
  await engine.close();
  const again = await engineUnderTest({ time, dataDir });
  expect((await stat(join(dataDir, "log.sqlite"))).size).toBeLessThan(20 * KIB * KIB);
  expect(await latest(again)).toBe(40);
});

type Step =
  | { readonly do: "produce"; readonly records: readonly { readonly bytes: number; readonly timestamp: number }[] }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "restart" };

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("produce"),
      records: fc.array(fc.record({ bytes: fc.nat(300), timestamp: fc.nat(50) }), { minLength: 1, maxLength: 20 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("pass"), ms: fc.integer({ min: 1, max: 400_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart") }) },
);

test("keeps what is to be kept and finds it by time, whatever was produced, passed and restarted", async () => {
  const limits = { ms: 1_000_000, bytes: 2000 };
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 40 }), async (steps) => {
      const time = createManualTime();
      const options = { time, dataDir: await temporaryFolder(), topics: { t: { partitions: 1, retention: { ...limits } } } };
      const stored: { readonly at: number; readonly bytes: number; readonly timestamp: number }[] = [];
      let engine = await openEngine(options);
      try {
        for (const step of steps) {
          if (step.do === "pass") time.advance(step.ms);
          else if (step.do === "restart") {
            await engine.close();
            engine = await openEngine(options);
          } else {
            await engine.produce(
              step.records.map(({ bytes, timestamp }) => ({ ...PLACE, timestamp, value: "x".repeat(bytes), headers: [] })),
            );
            stored.push(...step.records.map((record) => ({ ...record, at: time.now() })));
          }
          const start = (await earliest(engine)) ?? -1;
          expect(await latest(engine)).toBe(stored.length);
          const records = await engine.fetch(fetchRequest([{ ...PLACE, offset: 0 }]));
          expect(records.map(({ offset }) => offset)).toEqual(records.map((_, index) => start + index));
          for (const { offset, value, timestamp } of records)
            expect([value.length, timestamp]).toEqual([stored[offset]?.bytes, stored[offset]?.timestamp]);
          const lost = stored.slice(0, start);
          const bytesLeft = stored.slice(start).reduce((sum, { bytes }) => sum + bytes + 16, 0);
          for (const { at } of lost) expect(at <= time.now() - limits.ms || bytesLeft >= limits.bytes).toBe(true);
          for (const time of [0, 17, 49, 51]) {
            const found = stored.findIndex(({ timestamp }, offset) => offset >= start && timestamp >= time);
            const answered = (await engine.offsetsAt(time, [PLACE]))[0]?.offset;
            expect(answered).toBe(found === -1 ? stored.length : found);
          }
        }
      } finally {
        await engine.close();
      }
    }),
    { numRuns: 60 },
  );
});
