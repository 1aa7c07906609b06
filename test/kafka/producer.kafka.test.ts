import { expect, onTestFinished, test } from "vitest";
import { ProduceError } from "../../kafka/produce-error.ts";
import { createKafkaProducer, type KafkaProducer } from "../../kafka/producer.ts";
import { murmur2 } from "../../protocol/partitioner.ts";
import { readRecords, recordsOfBatches } from "./broker/round-trip.ts";
import { kafkaSuite } from "./broker/suite.ts";
import { createTopic, ownName } from "./broker/topics.ts";
import { connectionTo } from "./connections.ts";

kafkaSuite("the producer", ({ brokers }) => {
  const openProducer = (): KafkaProducer => {
    const producer = createKafkaProducer(connectionTo(brokers));
    onTestFinished(() => producer.close());
    return producer;
  };
  const value = Buffer.from("value");
  const outcomesOf = (promise: Promise<unknown>) =>
    promise.then(
      () => [],
      (error: ProduceError) => error.outcomes,
    );

  test("stores key, value, headers that come twice, and time, byte for byte", async () => {
    const topic = await createTopic(brokers, "bytes", 1);
    const bytes = Buffer.from([0, 255, 128, 10]);
    const headers = [
      [Buffer.from("a"), Buffer.from([255])],
      [Buffer.from("a"), Buffer.from("second")],
    ] as const;
    const places = await openProducer().produce([
      { topic, key: bytes, value: bytes, headers, timestampMs: 1_700_000_000_000 },
      { topic, key: bytes },
    ]);
    expect(places).toMatchObject([
      { topic, partition: 0, offset: 0, timestamp: 1_700_000_000_000 },
      { topic, partition: 0, offset: 1 },
    ]);
    const [first, second] = await readRecords(brokers, topic, 2);
    expect(first).toMatchObject({ key: bytes, value: bytes, headerEntries: headers, timestamp: 1_700_000_000_000n });
    expect(second?.value).toBeOneOf([null, undefined]);
  });

  test("answers thousands of calls at once, each with the places of its own records", async () => {
    const topic = await createTopic(brokers, "many", 6);
    const producer = openProducer();
    const calls = Array.from({ length: 2_000 }, (_, call) => [0, 1, 2].map((index) => Buffer.from(`${call}/${index}`)));
    const places = await Promise.all(calls.map((keys) => producer.produce(keys.map((key) => ({ topic, key, value: key })))));
    const where = new Map(calls.flatMap((keys, call) => keys.map((key, index) => [String(key), places[call]?.[index]])));
    const records = await readRecords(brokers, topic, 6_000);
    expect(records).toHaveLength(6_000);
    for (const { key, partition, offset } of records) {
      expect(where.get(String(key))).toMatchObject({ partition, offset: Number(offset) });
      expect(partition).toBe((murmur2(key) & 0x7fff_ffff) % 6);
    }
  });

  test("keeps the order of one key", async () => {
    const topic = await createTopic(brokers, "order", 4);
    const producer = openProducer();
    const key = Buffer.from("key");
    const places = await Promise.all(Array.from({ length: 500 }, () => producer.produce([{ topic, key, value }])));
    expect(places.map(([place]) => place?.offset)).toEqual(Array.from({ length: 500 }, (_, offset) => offset));
  });

  test("records without a key that come together are one batch, and each batch goes to another partition", async () => {
    const topic = await createTopic(brokers, "sticky", 4);
    const producer = openProducer();
    const batches = [];
    for (let round = 0; round < 4; round += 1) {
      const calls = await Promise.all(Array.from({ length: 100 }, () => producer.produce([{ topic, value }])));
      batches.push(new Set(calls.map(([place]) => place?.partition)));
    }
    expect(batches.map(({ size }) => size)).toEqual([1, 1, 1, 1]);
    expect(new Set(batches.flatMap((partitions) => [...partitions]))).toEqual(new Set([0, 1, 2, 3]));
    expect(await recordsOfBatches(brokers, topic, 4)).toEqual([100, 100, 100, 100]);
  });

  test("an unknown topic fails at once, and nothing beside it", async () => {
    const topic = await createTopic(brokers, "known", 1);
    const producer = openProducer();
    const unknown = producer.produce([{ topic: ownName("unknown"), value }], { timeoutMs: 100_000 });
    const known = producer.produce([{ topic, value }]);
    await expect(unknown).rejects.toMatchObject({
      code: "unknown-topic",
      retryable: false,
      message: expect.stringMatching(/no such topic.*"unknown-/),
    });
    expect(await known).toMatchObject([{ topic }]);
  });

  test("a partition that is not there is refused, and not another one used", async () => {
    const topic = await createTopic(brokers, "partitions", 2);
    const outcomes = await outcomesOf(openProducer().produce([2, 1].map((partition) => ({ topic, partition, value }))));
    expect(outcomes).toMatchObject([{ code: "unknown-topic" }, { topic, partition: 1, offset: 0 }]);
  });

  test("a record that is too large fails alone, and says so", async () => {
    const topic = await createTopic(brokers, "large", 1, { "max.message.bytes": "20000" });
    const sizes = [10, 30_000, 15_000, 15_000, 20];
    const producer = openProducer();
    const calls = sizes.map((size) => producer.produce([{ topic, value: Buffer.alloc(size) }]));
    const settled = await Promise.allSettled(calls);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled"]);
    await expect(calls[1]).rejects.toMatchObject({ code: "too-large", retryable: false });
  });

  test("a record that a compacted topic refuses fails alone", async () => {
    const topic = await createTopic(brokers, "compacted", 1, { "cleanup.policy": "compact" });
    const outcomes = await outcomesOf(
      openProducer().produce([
        { topic, key: value, value },
        { topic, value },
        { topic, key: value, value },
      ]),
    );
    expect(outcomes).toMatchObject([{ topic }, { code: "rejected", message: expect.stringMatching(/INVALID_RECORD.*key/) }, { topic }]);
  });

  test("what is under way is finished before it closes, and nothing is taken afterwards", async () => {
    const topic = await createTopic(brokers, "closing", 1);
    const producer = createKafkaProducer(connectionTo(brokers));
    const stored = producer.produce([{ topic, value }]);
    await producer.close();
    expect(await stored).toMatchObject([{ topic, offset: 0 }]);
    await expect(producer.produce([{ topic, value }])).rejects.toBeInstanceOf(ProduceError);
  });

  test("a call without records has no places", async () => {
    expect(await openProducer().produce([])).toEqual([]);
  });
});
