import { describe, expect, test } from "vitest";
import type { ResponseMemory, Batch, ConsumeRequest, Engine, FetchRequest, InstanceOptions, StoredRecord } from "../../gateway/engine.ts";

const NOBODY_LEAVES = new AbortController().signal;

/** Memory for one response. */
export const memoryFor = (records = 500): ResponseMemory => ({ free: () => ({ records, bytes: 4 * 1024 * 1024 }), take: () => {} });

export const FROM_THE_BEGINNING: InstanceOptions = {
  autoCommit: false,
  autoCommitIntervalMs: 5000,
  autoOffsetReset: "earliest",
  sessionTimeoutMs: 120_000,
};

export type ConsumeChanges = Partial<Omit<ConsumeRequest, "options">> & {
  readonly options?: InstanceOptions;
  readonly maxRecords?: number;
};

/** A consume of topic `t` by instance `i` of group `g`, which does not wait. */
export const consumeRequest = ({ options = FROM_THE_BEGINNING, maxRecords, ...changes }: ConsumeChanges = {}): ConsumeRequest => ({
  group: "g",
  instance: "i",
  topics: ["t"],
  options: () => options,
  timeoutMs: 0,
  signal: NOBODY_LEAVES,
  memory: memoryFor(maxRecords),
  ...changes,
});

export const fetchRequest = (offsets: FetchRequest["offsets"], changes: Partial<FetchRequest> = {}): FetchRequest => ({
  offsets,
  timeoutMs: 0,
  signal: NOBODY_LEAVES,
  memory: memoryFor(),
  ...changes,
});

/** Produces to one partition of topic `t`. */
export const produceValues = (engine: Engine, partition: number, ...values: string[]) =>
  engine.produce(values.map((value) => ({ topic: "t", partition, value, headers: [] })));

/** Consumes without waiting, and says that the answer was written. */
export const take = async (engine: Engine, changes: ConsumeChanges = {}): Promise<string[]> =>
  valuesOf(settled(await engine.consume(consumeRequest(changes))));

export const settled = (batch: Batch): readonly StoredRecord[] => {
  batch.settle(true);
  return batch.records;
};

export const valuesOf = (records: readonly StoredRecord[]): string[] => records.map(({ value }) => value);

/** Every partition that instances of group `g` own, by instance. */
export const ownership = async (engine: Engine): Promise<Record<string, readonly number[]>> => {
  const group = (await engine.consumers()).find(({ name }) => name === "g");
  return Object.fromEntries(
    (group?.instances ?? []).map(({ name, topics }) => [name, topics.find(({ topic }) => topic === "t")?.partitions ?? []]),
  );
};

/** How soon partitions have other owners once an instance has come or gone: before the call is answered, or when the group has met. */
export type Rebalances = "at once" | "soon";

/** What every engine promises. @param open an empty engine with topic `t` of 4 partitions and topic `u` of 1; it closes with the test */
export const describeEngine = (name: string, open: () => Promise<Engine>, { rebalances }: { readonly rebalances: Rebalances }): void => {
  const expectOwnership = async (engine: Engine, expected: Record<string, readonly number[]>): Promise<void> => {
    if (rebalances === "soon") await expect.poll(() => ownership(engine), { timeout: 30_000 }).toEqual(expected);
    expect(await ownership(engine)).toEqual(expected);
  };

  /** Two instances share topic `t`, two partitions each. @returns those of instance `a` */
  const untilShared = async (engine: Engine): Promise<readonly number[]> => {
    const counts = async () => Object.values(await ownership(engine)).map(({ length }) => length);
    if (rebalances === "soon") await expect.poll(counts, { timeout: 30_000 }).toEqual([2, 2]);
    expect(await counts()).toEqual([2, 2]);
    return (await ownership(engine))["a"] ?? [];
  };

  describe(`the ${name} engine`, () => {
    test("numbers the records of each partition without a gap, and gives them back as they were", async () => {
      const engine = await open();
      const headers = [{ key: "h", value: "1" }];
      const places = await engine.produce([
        { topic: "t", partition: 1, timestamp: 5, key: "k", value: "a", headers },
        { topic: "t", partition: 2, value: "b", headers: [] },
        { topic: "t", partition: 1, value: "c", headers: [] },
      ]);
      expect(places.map(({ partition, offset }) => [partition, offset])).toEqual([
        [1, 0],
        [2, 0],
        [1, 1],
      ]);
      const records = await engine.fetch(fetchRequest([{ topic: "t", partition: 1, offset: 0 }]));
      expect(records).toEqual([
        { topic: "t", partition: 1, offset: 0, timestamp: 5, key: "k", value: "a", headers },
        { topic: "t", partition: 1, offset: 1, timestamp: places[2]?.timestamp, key: "", value: "c", headers: [] },
      ]);
    });

    test("shares the partitions among the instances, each with one owner, as they come and go", async () => {
      const engine = await open();
      await take(engine, { instance: "a" });
      await expectOwnership(engine, { a: [0, 1, 2, 3] });
      await take(engine, { instance: "b" });
      const a: readonly number[] = await untilShared(engine);
      const b = [0, 1, 2, 3].filter((partition) => !a.includes(partition));
      await expectOwnership(engine, { a, b });
      await engine.deleteConsumer({ group: "g", instance: "a" });
      await expectOwnership(engine, { b: [0, 1, 2, 3] });
    });

    test("gives every record to exactly one instance of a group, and to every group", async () => {
      const engine = await open();
      await take(engine, { instance: "a" });
      await take(engine, { instance: "b" });
      await untilShared(engine);
      for (const partition of [0, 1, 2, 3]) await produceValues(engine, partition, `${partition}`);
      const [a, b] = [await take(engine, { instance: "a" }), await take(engine, { instance: "b" })];
      expect([a.length, b.length]).toEqual([2, 2]);
      expect([...a, ...b].sort()).toEqual(["0", "1", "2", "3"]);
      expect(await take(engine, { group: "another" })).toHaveLength(4);
    });

    test("goes on at the committed offset when a partition gets another owner", async () => {
      const engine = await open();
      await produceValues(engine, 0, "a", "b", "c");
      expect(await take(engine, { instance: "first" })).toEqual(["a", "b", "c"]);
      await engine.commit({ group: "g", instance: "first" }, [{ topic: "t", partition: 0, offset: 2 }]);
      await engine.deleteConsumer({ group: "g", instance: "first" });
      expect(await take(engine, { instance: "second" })).toEqual(["c"]);
    });

    test("refuses a commit for a partition that the instance does not own", async () => {
      const engine = await open();
      await produceValues(engine, 0, "a");
      await take(engine, { instance: "a" });
      await take(engine, { instance: "b" });
      const owned = await untilShared(engine);
      for (const partition of [0, 1, 2, 3]) {
        const commit = engine.commit({ group: "g", instance: "a" }, [{ topic: "t", partition, offset: 0 }]);
        if (owned.includes(partition)) await commit;
        else await expect(commit).rejects.toMatchObject({ name: "GatewayError", status: 409 });
      }
    });

    test("commits what was delivered when no offset is named, and not what has not reached the client", async () => {
      const engine = await open();
      const name = { group: "g", instance: "i" };
      await produceValues(engine, 0, "a");
      const batch = await engine.consume(consumeRequest());
      await engine.commit(name, []);
      expect(await engine.committed(name, [{ topic: "t", partition: 0 }])).toEqual([]);
      batch.settle(true);
      await engine.commit(name, []);
      expect(await engine.committed(name, [{ topic: "t", partition: 0 }])).toEqual([{ topic: "t", partition: 0, offset: 1 }]);
    });

    test("begins with a partition as soon as it comes to an instance, and auto-commit stores where", async () => {
      const engine = await open();
      const fromTheEnd = { ...FROM_THE_BEGINNING, autoOffsetReset: "latest", autoCommitIntervalMs: 86_400_000 } as const;
      await take(engine, { instance: "b", options: fromTheEnd });
      await take(engine, { instance: "a", options: { ...fromTheEnd, autoCommit: true } });
      await untilShared(engine);
      await engine.deleteConsumer({ group: "g", instance: "b" });
      const places = [0, 1, 2, 3].map((partition) => ({ topic: "t", partition }));
      const committed = () => engine.committed({ group: "g", instance: "a" }, places);
      await expect.poll(committed, { timeout: 30_000 }).toEqual(places.map((place) => ({ ...place, offset: 0 })));
      for (const { partition } of places) await produceValues(engine, partition, `${partition}`);
      const received = [...(await take(engine, { instance: "a" })), ...(await take(engine, { instance: "a", timeoutMs: 200 }))];
      expect(received.sort()).toEqual(["0", "1", "2", "3"]);
    });

    test("gives a batch again that was not written, in the same order and whole", async () => {
      const engine = await open();
      await produceValues(engine, 0, "a", "b");
      const lost = await engine.consume(consumeRequest({ maxRecords: 1 }));
      expect(valuesOf(lost.records)).toEqual(["a"]);
      lost.settle(false);
      expect(await take(engine)).toEqual(["a", "b"]);
    });

    test("does not rewind a partition that has got another owner meanwhile", async () => {
      const engine = await open();
      await produceValues(engine, 0, "a");
      const slow = await engine.consume(consumeRequest({ instance: "slow" }));
      await engine.deleteConsumer({ group: "g", instance: "slow" });
      expect(await take(engine, { instance: "next" })).toEqual(["a"]);
      slow.settle(false);
      expect(await take(engine, { instance: "next" })).toEqual([]);
    });

    test("leaves an instance to the user who made it, whatever others ask of its name", async () => {
      const engine = await open();
      const at = [{ topic: "t", partition: 0, offset: 1 }];
      const name = { group: "g", instance: "i" };
      await produceValues(engine, 0, "a", "b");
      expect(await take(engine, { user: "one", maxRecords: 1 })).toEqual(["a"]);
      const another = { status: 403, message: expect.stringContaining("another user") };
      await expect(take(engine, { user: "other" })).rejects.toMatchObject(another);
      await expect(engine.commit({ ...name, user: "other" }, [])).rejects.toMatchObject(another);
      await expect(engine.commit({ ...name, user: "other" }, at)).rejects.toMatchObject(another);
      await expect(engine.deleteConsumer({ ...name, user: "other" })).rejects.toMatchObject(another);
      expect(await take(engine, { user: "one" })).toEqual(["b"]);
      await engine.deleteConsumer({ ...name, user: "one" });
      expect(await take(engine, { user: "other" })).toEqual(["a", "b"]);
    });

    test("takes one consume of an instance at a time, and other calls meanwhile", async () => {
      const engine = await open();
      const name = { group: "g", instance: "i" };
      const waiting = engine.consume(consumeRequest({ timeoutMs: 60_000 }));
      await expect(engine.consume(consumeRequest())).rejects.toMatchObject({ status: 409 });
      await engine.commit(name, [{ topic: "t", partition: 0, offset: 0 }]);
      expect(await engine.committed(name, [{ topic: "t", partition: 0 }])).toHaveLength(1);
      expect(await engine.fetch(fetchRequest([{ topic: "t", partition: 0, offset: 0 }]))).toEqual([]);
      await produceValues(engine, 3, "woken");
      expect(valuesOf(settled(await waiting))).toEqual(["woken"]);
    });

    test("subscribes anew when the topics of an instance change", async () => {
      const engine = await open();
      await engine.produce([{ topic: "u", value: "u", headers: [] }]);
      await produceValues(engine, 0, "t");
      expect(await take(engine, { topics: ["t"] })).toEqual(["t"]);
      expect(await take(engine, { topics: ["u"] })).toEqual(["u"]);
      expect(await take(engine, { topics: ["u", "t"] })).toEqual(["t"]);
    });

    test("starves no partition behind a busy one", async () => {
      const engine = await open();
      await produceValues(engine, 0, ...Array.from({ length: 20 }, (_, index) => `busy ${index}`));
      await produceValues(engine, 1, "rare");
      const seen: string[] = [];
      for (let index = 0; index < 4; index += 1) seen.push(...(await take(engine, { maxRecords: 2 })));
      expect(seen).toContain("rare");
    });

    test("names the instances with what they own", async () => {
      const engine = await open();
      await take(engine, { topics: ["u", "t"] });
      expect(await engine.consumers()).toEqual([
        {
          name: "g",
          instances: [
            {
              name: "i",
              topics: [
                { topic: "u", partitions: [0] },
                { topic: "t", partitions: [0, 1, 2, 3] },
              ],
            },
          ],
        },
      ]);
    });

    test("finds offsets by time", async () => {
      const engine = await open();
      await engine.produce([10, 20, 30].map((timestamp) => ({ topic: "u", timestamp, value: "x", headers: [] })));
      const at = async (time: number | "earliest" | "latest") => (await engine.offsetsAt(time, [{ topic: "u", partition: 0 }]))[0]?.offset;
      expect([await at("earliest"), await at(15), await at(20), await at(31), await at("latest")]).toEqual([0, 1, 1, 3, 3]);
    });

    test("does not wait when it drains, and ends the waiting that there is", async () => {
      const engine = await open();
      const waiting = engine.consume(consumeRequest({ timeoutMs: 60_000 }));
      engine.drain();
      expect(settled(await waiting)).toEqual([]);
      expect(await take(engine, { timeoutMs: 60_000 })).toEqual([]);
      expect(await engine.fetch(fetchRequest([{ topic: "t", partition: 0, offset: 0 }], { timeoutMs: 60_000 }))).toEqual([]);
    });
  });
};
