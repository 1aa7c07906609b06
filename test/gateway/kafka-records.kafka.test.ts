import { Producer } from "@platformatic/kafka";
import { expect, onTestFinished, test } from "vitest";
import { createAdminClient } from "../../kafka/clients.ts";
import type { NewRecord } from "../../kafka/pending-record.ts";
import { createKafkaProducer } from "../../kafka/producer.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { createTopic, ownName } from "../kafka/broker/topics.ts";
import { connectionTo } from "../kafka/connections.ts";
import { consumeRequest, fetchRequest, FROM_THE_BEGINNING, settled } from "./engine-contract.ts";
import { kafkaEngineUnderTest } from "./open-kafka-engine.ts";

kafkaSuite("records that others stored in Kafka", ({ brokers }) => {
  /** What the gateway makes of records that a client of Kafka's own stored: by fetch, and the same by consume. */
  const readBack = async (records: readonly Omit<NewRecord, "topic">[], settings: Readonly<Record<string, string>> = {}) => {
    const scope = ownName("others");
    const topic = await createTopic(brokers, `${scope}-t`, 1, settings);
    const producer = createKafkaProducer(connectionTo(brokers));
    onTestFinished(() => producer.close());
    await producer.produce(records.map((record) => ({ ...record, topic })));
    const name = topic.slice(scope.length + 1);
    const engine = await kafkaEngineUnderTest({ brokers, scope, topics: {} });
    const fetched = await engine.fetch(fetchRequest([{ topic: name, partition: 0, offset: 0 }]));
    expect(settled(await engine.consume(consumeRequest({ topics: [name] })))).toEqual(fetched);
    return fetched;
  };

  test("a record that deletes has an empty value, and one without key and headers an empty key and no headers", async () => {
    const deletes = { key: Buffer.from("k") };
    expect(await readBack([deletes, { value: Buffer.from("v") }])).toMatchObject([
      { offset: 0, key: "k", value: "", headers: [] },
      { offset: 1, key: "", value: "v", headers: [] },
    ]);
  });

  test("bytes that are no text become replacement characters, wherever they stand", async () => {
    const bytes = Buffer.from([0x61, 0xff, 0x62]);
    const shown = "a\ufffdb";
    expect(await readBack([{ key: bytes, value: bytes, headers: [[bytes, bytes]] }])).toMatchObject([
      { key: shown, value: shown, headers: [{ key: shown, value: shown }] },
    ]);
  });

  test("a thousand headers keep their order, names that come twice too", async () => {
    const headers = Array.from({ length: 1_000 }, (_, index) => ({ key: `h${index % 10}`, value: `${index}` }));
    const bytes = headers.map(({ key, value }) => [Buffer.from(key), Buffer.from(value)] as const);
    expect(await readBack([{ value: Buffer.from("v"), headers: bytes }])).toMatchObject([{ headers }]);
  });

  test("where a topic keeps the time of arrival, that is a record's time", async () => {
    const before = Date.now();
    const [record] = await readBack([{ value: Buffer.from("v"), timestampMs: 5 }], { "message.timestamp.type": "LogAppendTime" });
    expect(record?.timestamp).toBeGreaterThanOrEqual(before);
  });

  test("a compressed batch is read from its middle on", async () => {
    const scope = ownName("compressed");
    const engine = await kafkaEngineUnderTest({ brokers, scope, topics: { t: 1 } });
    const producer = new Producer({ clientId: "test", bootstrapBrokers: [...brokers] });
    onTestFinished(() => producer.close());
    const messages = ["a", "b", "c"].map((value) => ({ topic: `${scope}-t`, partition: 0, value: Buffer.from(value) }));
    await producer.send({ messages, compression: "gzip" });
    const records = await engine.fetch(fetchRequest([{ topic: "t", partition: 0, offset: 1 }]));
    expect(records.map(({ offset, value }) => [offset, value])).toEqual([
      [1, "b"],
      [2, "c"],
    ]);
    const values: string[] = [];
    for (const _ of messages) values.push(...settled(await engine.consume(consumeRequest({ maxRecords: 1 }))).map(({ value }) => value));
    expect(values).toEqual(["a", "b", "c"]);
  });

  test("a hundred fetches that wait at once are all answered by the record that comes", async () => {
    const engine = await kafkaEngineUnderTest({ brokers, topics: { t: 1 } });
    const places = [{ topic: "t", partition: 0, offset: 0 }];
    const waiting = Array.from({ length: 100 }, () => engine.fetch(fetchRequest(places, { timeoutMs: 60_000 })));
    await engine.produce([{ topic: "t", partition: 0, value: "v", headers: [] }]);
    for (const records of await Promise.all(waiting)) expect(records).toMatchObject([{ value: "v" }]);
  });

  test("the marks of a transaction are passed over", async () => {
    const scope = ownName("transaction");
    const engine = await kafkaEngineUnderTest({ brokers, scope, topics: { t: 1 } });
    const producer = new Producer({ clientId: "test", bootstrapBrokers: [...brokers], transactionalId: scope, idempotent: true });
    onTestFinished(() => producer.close());
    for (const value of ["a", "b"]) {
      const transaction = await producer.beginTransaction();
      await transaction.send({ messages: [{ topic: `${scope}-t`, partition: 0, value: Buffer.from(value) }] });
      await transaction.commit();
    }
    const name = { group: "g", instance: "i" };
    const records = settled(await engine.consume(consumeRequest()));
    expect(records.map(({ offset, value }) => [offset, value])).toEqual([
      [0, "a"],
      [2, "b"],
    ]);
    await engine.commit(name, []);
    expect(await engine.committed(name, [{ topic: "t", partition: 0 }])).toEqual([{ topic: "t", partition: 0, offset: 3 }]);
    expect(settled(await engine.consume(consumeRequest()))).toEqual([]);
  });

  test("records that were removed are passed over, and `none` refuses to", async () => {
    const scope = ownName("removed");
    const engine = await kafkaEngineUnderTest({ brokers, scope, topics: { t: 1 } });
    await engine.produce(["a", "b", "c"].map((value) => ({ topic: "t", partition: 0, value, headers: [] })));
    const consume = (autoOffsetReset: "none" | "latest") =>
      engine.consume(consumeRequest({ group: autoOffsetReset, options: { ...FROM_THE_BEGINNING, autoOffsetReset } }));
    const toTheStart = (group: string) => engine.commit({ group, instance: "i" }, [{ topic: "t", partition: 0, offset: 0 }]);
    await expect(consume("none")).rejects.toMatchObject({ status: 400, message: expect.stringMatching(/no committed offset/) });
    await toTheStart("none");
    expect(settled(await consume("latest"))).toEqual([]);
    await toTheStart("latest");
    await engine.deleteConsumer({ group: "latest", instance: "i" });

    await removeBefore(`${scope}-t`, 2n);
    await expect(consume("none")).rejects.toMatchObject({ status: 400, message: expect.stringMatching(/no longer kept/) });
    expect(settled(await consume("latest")).map(({ value }) => value)).toEqual(["c"]);
    expect((await engine.fetch(fetchRequest([{ topic: "t", partition: 0, offset: 0 }]))).map(({ value }) => value)).toEqual(["c"]);
    await expect(engine.fetch(fetchRequest([{ topic: "t", partition: 0, offset: 4 }]))).rejects.toMatchObject({ status: 400 });
  });

  const removeBefore = async (topic: string, offset: bigint): Promise<void> => {
    const admin = createAdminClient(connectionTo(brokers));
    try {
      await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset }] }] });
    } finally {
      await admin.close();
    }
  };
});
