import fc from "fast-check";
import { expect, test } from "vitest";
import { systemTime } from "../../environment/time.ts";
import { createWriteQueue } from "../../gateway/embedded/write-queue.ts";
import { describeEngine, fetchRequest, produceValues, take, valuesOf } from "./engine-contract.ts";
import { engineUnderTest, openEngine } from "./open-engine.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const TOPICS = { t: 4, u: 1 };

const open = (dataDir: string, topics: Record<string, number> = TOPICS) => openEngine({ dataDir, topics });

describeEngine("embedded", () => engineUnderTest({ topics: TOPICS }), { rebalances: "at once" });

test("has records, topics and commits after it was closed and opened again", async () => {
  const folder = await temporaryFolder();
  const before = await open(folder);
  await produceValues(before, 1, "a", "b", "c");
  await take(before);
  await before.commit({ group: "g", instance: "i" }, [{ topic: "t", partition: 1, offset: 1 }]);
  await before.close();
  const after = await open(folder, {});
  expect(await after.topics()).toEqual(new Map(Object.entries(TOPICS)));
  expect(await take(after)).toEqual(["b", "c"]);
  expect(await produceValues(after, 1, "d")).toMatchObject([{ offset: 3 }]);
  await after.close();
});

test("gives a topic more partitions, and refuses to take any away", async () => {
  const folder = await temporaryFolder();
  await (await open(folder)).close();
  await expect(open(folder, { t: 2 })).rejects.toThrow(
    /"t" has 4 partitions and GATEWAY_TOPICS says 2: partitions can be added, never taken away/,
  );
  const grown = await open(folder, { t: 6 });
  expect(await produceValues(grown, 5, "x")).toMatchObject([{ partition: 5, offset: 0 }]);
  await grown.close();
});

test("refuses a folder that another engine holds", async () => {
  const folder = await temporaryFolder();
  const holder = await open(folder);
  await expect(open(folder)).rejects.toThrow(/Another gateway is using/);
  await holder.close();
  await (await open(folder)).close();
});

test("records without a key share a partition with all that come in the same turn, and the next turn is another one's", async () => {
  const engine = await engineUnderTest({ topics: TOPICS });
  const produceTogether = async () => {
    const calls = Array.from({ length: 5 }, () => engine.produce([{ topic: "t", value: "v", headers: [] }]));
    return new Set((await Promise.all(calls)).flat().map(({ partition }) => partition));
  };
  const turns = [];
  while (turns.length < 4) turns.push(await produceTogether());
  expect(turns.map(({ size }) => size)).toEqual([1, 1, 1, 1]);
  expect(new Set(turns.flatMap((turn) => [...turn]))).toEqual(new Set([0, 1, 2, 3]));
});

test("numbers what many produce at once without gap or repetition, each call's records in its order", async () => {
  const batches = fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 }), { maxLength: 20 });
  const engine = await engineUnderTest();
  const ends = [0, 0, 0, 0];
  await fc.assert(
    fc.asyncProperty(batches, async (calls) => {
      const produced = await Promise.all(
        calls.map((partitions, call) =>
          engine.produce(partitions.map((partition, index) => ({ topic: "t", partition, value: `${call}/${index}`, headers: [] }))),
        ),
      );
      for (const partition of [0, 1, 2, 3]) {
        const from = ends[partition] ?? 0;
        const places = produced.flatMap((places, call) =>
          places.map((place, index) => ({ ...place, value: `${call}/${index}` })).filter((place) => place.partition === partition),
        );
        const stored = await engine.fetch(fetchRequest([{ topic: "t", partition, offset: from }]));
        expect(places.map(({ offset }) => offset)).toEqual(places.map((_, index) => from + index));
        expect(valuesOf(stored)).toEqual(places.map(({ value }) => value));
        ends[partition] = from + places.length;
      }
    }),
    { numRuns: 30 },
  );
});

test("lets the writes of one turn share a transaction, and fails all of them together", async () => {
  let transactions = 0;
  let broken = false;
  const queue = createWriteQueue((run) => {
    transactions += 1;
    run();
    if (broken) throw new Error("disk full");
  }, systemTime);
  expect(await Promise.all([queue.write(() => 1), queue.write(() => 2), queue.write(() => 3)])).toEqual([1, 2, 3]);
  expect(transactions).toBe(1);
  broken = true;
  const outcomes = await Promise.allSettled([queue.write(() => 1), queue.write(() => 2)]);
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({
      status: "rejected",
      reason: { status: 503, retryAfterSeconds: 1, message: expect.stringContaining("disk full") },
    });
  broken = false;
  expect(await queue.write(() => 4)).toBe(4);
  expect(queue.failure()).toBeUndefined();
});
