import { expect, test } from "vitest";
import type { TopicPartition } from "../../protocol/topic-partition.ts";
import type { Source } from "../../consumer/source.ts";
import type { ConsumerRecord } from "../../protocol/kafka-record.ts";
import { until } from "../helpers/stack.ts";
import type { Produced, WireRecord } from "./requests.ts";

/** What the contract needs of the real thing behind a source. */
export type SourceStage = {
  /** A topic of three partitions that nobody else uses. */
  newTopic(): string | Promise<string>;
  /** A source of the group `test` on one topic. */
  createSource(topic: string, instance: string): Source;
  produce(records: readonly WireRecord[]): Promise<Produced[]>;
  /** The first records of a topic, as many as asked for, as text and without any group. */
  read(topic: string, count: number): Promise<readonly { readonly key: string; readonly value: string; readonly headers: object[] }[]>;
};

/** A record as text, whether its source gives text or bytes. */
const asText = ({ key, value, headers, ...place }: ConsumerRecord) => ({
  ...place,
  key: toText(key),
  value: toText(value),
  headers: headers.map((header) => ({ key: header.key, value: toText(header.value) })),
});

const toText = (value: string | Uint8Array | null): string | null => (value === null ? null : Buffer.from(value).toString());

const open = async (source: Source): Promise<{ readonly stop: AbortController }> => {
  const stop = new AbortController();
  await source.open(stop.signal, async () => {});
  return { stop };
};

/** Takes records until so many have come, in the order of their coming. */
export const take = async (source: Source, count: number, stop: AbortController) => {
  const taken: ReturnType<typeof asText>[] = [];
  for await (const record of source.records(stop.signal)) {
    taken.push(asText(record));
    if (taken.length === count) break;
  }
  return taken;
};

const values = (records: readonly { readonly value: unknown }[]): unknown[] => records.map(({ value }) => value).toSorted();

const hasSome = ({ committed }: { readonly committed: readonly unknown[] }): boolean => committed.length > 0;

/** What every source promises; a driver runs it on the real thing. */
export const describeSource = (stage: () => SourceStage): void => {
  test("gives records as they were produced, those of a partition in their order", async () => {
    const { newTopic, createSource, produce } = stage();
    const topic = await newTopic();
    const headers = [
      { key: "ce_id", value: "ü" },
      { key: "empty", value: "" },
    ];
    const produced = await produce(
      Array.from({ length: 60 }, (_, index) => ({ topic, key: `k${index % 7}`, value: `v${index}`, headers })),
    );
    const source = createSource(topic, "one");
    const { stop } = await open(source);
    const records = await take(source, 60, stop);
    for (const partition of [0, 1, 2]) {
      const given = records.filter((record) => record.partition === partition).map(({ offset }) => offset);
      expect(given).toEqual(produced.filter((place) => place.partition === partition).map(({ offset }) => offset));
    }
    const first = records.find(({ value }) => value === "v0");
    expect(first).toEqual({ ...produced[0], key: "k0", value: "v0", headers, timestamp: expect.any(Number) });
    await source.close();
  });

  test("a record without a key has none", async () => {
    const { newTopic, createSource, produce } = stage();
    const topic = await newTopic();
    await produce([{ topic, value: "keyless" }]);
    const source = createSource(topic, "one");
    const { stop } = await open(source);
    expect(await take(source, 1, stop)).toMatchObject([{ key: null, value: "keyless" }]);
    await source.close();
  });

  test("the next in the group goes on at what was committed", async () => {
    const { newTopic, createSource, produce } = stage();
    const topic = await newTopic();
    await produce(Array.from({ length: 5 }, (_, index) => ({ topic, partition: 1, value: `v${index}` })));
    const first = createSource(topic, "one");
    await take(first, 5, (await open(first)).stop);
    expect(await first.commit([{ topic, partition: 1, offset: 3 }])).toMatchObject({ committed: [{ partition: 1, offset: 3 }], lost: [] });
    await first.close();
    const second = createSource(topic, "two");
    expect(values(await take(second, 2, (await open(second)).stop))).toEqual(["v3", "v4"]);
    await second.close();
  });

  test("an instance that ended without a word gets again what it did not commit", async () => {
    const { newTopic, createSource, produce } = stage();
    const topic = await newTopic();
    await produce([{ topic, value: "again" }]);
    const crashed = createSource(topic, "one");
    await take(crashed, 1, (await open(crashed)).stop);
    const restarted = createSource(topic, "one");
    expect(values(await take(restarted, 1, (await open(restarted)).stop))).toEqual(["again"]);
    await restarted.close();
  });

  test("stops at once when it is told to, though nothing comes", async () => {
    const { newTopic, createSource } = stage();
    const source = createSource(await newTopic(), "one");
    const { stop } = await open(source);
    const reading = take(source, 1, stop);
    stop.abort();
    expect(await reading).toEqual([]);
    await source.close();
  });

  test("produces a dead letter as it is", async () => {
    const { newTopic, createSource, read } = stage();
    const topic = await newTopic();
    const source = createSource(topic, "one");
    await source.produce({ topic, key: "k", value: '{"a":', headers: [{ key: "h", value: "1" }] });
    await source.produce({ topic, key: "k", value: "", headers: [] });
    expect(await read(topic, 2)).toMatchObject([
      { key: "k", value: '{"a":', headers: [{ key: "h", value: "1" }] },
      { key: "k", value: "", headers: [] },
    ]);
    await source.close();
  });

  test("says that a record which will never be taken is not to be tried again", async () => {
    const { newTopic, createSource } = stage();
    const topic = await newTopic();
    const source = createSource(topic, "one");
    const value = "x".repeat(1024 * 1024 + 1);
    await expect(source.produce({ topic, key: null, value, headers: [] })).rejects.toMatchObject({
      name: "SourceError",
      retryable: false,
    });
    await source.close();
  });

  test("a commit for a partition that went to another instance says so, and the others are committed", async () => {
    const { newTopic, createSource } = stage();
    const topic = await newTopic();
    const one = createSource(topic, "one");
    await open(one);
    const two = createSource(topic, "two");
    await open(two);
    const positions = [0, 1, 2].map((partition) => ({ topic, partition, offset: 0 }));
    const commit = async () => {
      const results = await Promise.all([one.commit(positions), two.commit(positions)]);
      const partitionsOf = (places: readonly TopicPartition[]) => places.map(({ partition }) => partition).toSorted();
      return results.map(({ committed, lost }) => ({ committed: partitionsOf(committed), lost: partitionsOf(lost) }));
    };
    // A group may move its partitions one by one, and take no commits meanwhile.
    await until(async () => (await commit()).flatMap(({ committed }) => committed).length === 3 && (await commit()).every(hasSome));
    const results = await commit();
    expect(results.flatMap(({ committed }) => committed).toSorted()).toEqual([0, 1, 2]);
    expect(results.map(({ lost }) => lost)).toEqual(results.map(({ committed }) => committed).toReversed());
    await Promise.all([one.close(), two.close()]);
  });
};
