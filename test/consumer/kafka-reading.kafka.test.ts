import { CompressionAlgorithms, ProduceAcks, Producer } from "@platformatic/kafka";
import { expect, onTestFinished, test } from "vitest";
import { kafkaSource } from "../../consumer/sources/kafka.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { createTopic } from "../kafka/broker/topics.ts";
import { connectionTo } from "../kafka/connections.ts";
import { produceAll, toBytes } from "./kafka-consumer.ts";
import { createRecordedLog } from "./log.ts";
import { take } from "./source-contract.ts";

kafkaSuite("reading from Kafka", ({ brokers }) => {
  const open = async (topic: string) => {
    const log = createRecordedLog();
    const source = kafkaSource({ connection: connectionTo(brokers), group: `of-${topic}`, instance: "one", topics: [topic], log });
    onTestFinished(() => source.close());
    const stop = new AbortController();
    await source.open(stop.signal, async () => {});
    return { source, stop, log };
  };
  const produce = (topic: string, values: readonly string[], more: Readonly<Record<string, unknown>> = {}) =>
    produceAll(
      brokers,
      values.map((value) => ({ ...toBytes({ topic, value }), ...more })),
    );

  test("goes on at the beginning where the committed offset is not in the log, and says so", async () => {
    const topic = await createTopic(brokers, "range", 1);
    await produce(topic, ["a", "b", "c"]);
    const first = await open(topic);
    expect(await first.source.commit([{ topic, partition: 0, offset: 1_000 }])).toMatchObject({ committed: [{ offset: 1_000 }] });
    await first.source.close();
    const { source, stop, log } = await open(topic);
    expect(await take(source, 3, stop)).toMatchObject([{ value: "a" }, { value: "b" }, { value: "c" }]);
    expect(log.lines).toContainEqual(expect.objectContaining({ level: "error", offset: 1_000, next: 0 }));
  });

  test("begins in the middle of a compressed batch", async () => {
    const topic = await createTopic(brokers, "compressed", 1);
    const producer = new Producer({ clientId: "test", bootstrapBrokers: [...brokers] });
    const messages = ["a", "b", "c", "d"].map((value) => ({ topic, partition: 0, value: Buffer.from(value) }));
    await producer.send({ messages, acks: ProduceAcks.ALL, compression: CompressionAlgorithms.GZIP });
    await producer.close();
    const first = await open(topic);
    await first.source.commit([{ topic, partition: 0, offset: 2 }]);
    await first.source.close();
    const { source, stop } = await open(topic);
    expect(await take(source, 2, stop)).toMatchObject([
      { offset: 2, value: "c" },
      { offset: 3, value: "d" },
    ]);
  });

  test("leaves out what a transaction produced that was aborted", async () => {
    const topic = await createTopic(brokers, "aborted", 1);
    const producer = new Producer({ clientId: "test", bootstrapBrokers: [...brokers], transactionalId: topic, idempotent: true });
    for (const value of ["aborted", "committed"]) {
      const transaction = await producer.beginTransaction();
      await transaction.send({ messages: [{ topic, partition: 0, value: Buffer.from(value) }] });
      await (value === "aborted" ? transaction.abort() : transaction.commit());
    }
    await producer.close();
    await produce(topic, ["plain"]);
    const { source, stop } = await open(topic);
    expect(await take(source, 2, stop)).toMatchObject([{ value: "committed" }, { value: "plain" }]);
  });

  test("gives the time of arrival where a topic keeps that, and the record's own elsewhere", async () => {
    const arriving = await createTopic(brokers, "arriving", 1, { "message.timestamp.type": "LogAppendTime" });
    const own = await createTopic(brokers, "own", 1);
    const before = Date.now();
    const hourAgo = before - 3_600_000;
    await produce(arriving, ["a"], { timestampMs: hourAgo });
    await produce(own, ["a"], { timestampMs: hourAgo });
    const first = await open(arriving);
    const [arrived] = await take(first.source, 1, first.stop);
    expect(arrived?.timestamp).toBeGreaterThanOrEqual(before);
    const second = await open(own);
    expect(await take(second.source, 1, second.stop)).toMatchObject([{ timestamp: hourAgo }]);
  });

  test("reads more than a broker gives at once, in order and without gaps", async () => {
    const topic = await createTopic(brokers, "large", 1);
    const padding = "x".repeat(200_000);
    await produce(
      topic,
      Array.from({ length: 40 }, (_, index) => `${index} ${padding}`),
    );
    const { source, stop } = await open(topic);
    const records = await take(source, 40, stop);
    expect(records.map(({ value }) => Number(value?.split(" ")[0]))).toEqual(Array.from({ length: 40 }, (_, index) => index));
  });
});
