import { expect, onTestFinished, test } from "vitest";
import { openKafkaProducer } from "../../../cli/serve/kafka-producer.ts";
import type { KafkaConnection } from "../../../kafka/config.ts";
import { MAX_RECORD_BYTES } from "../../../protocol/limits.ts";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import { SILENT_LOG } from "../../gateway/open-engine.ts";
import { readRecords } from "../../kafka/broker/round-trip.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";
import { createTopic, ownName } from "../../kafka/broker/topics.ts";
import { connectionTo } from "../../kafka/connections.ts";

kafkaSuite("the Worker on Node, at a cluster", ({ brokers, saslBrokers }) => {
  const open = async (topics: Readonly<Record<string, number>>, connection: KafkaConnection = connectionTo(brokers)) => {
    const declared = new Map(Object.entries(topics).map(([name, partitions]) => [name, { partitions }]));
    const opened = await openKafkaProducer({ kind: "kafka", connection, topics: declared, replicas: undefined }, SILENT_LOG);
    onTestFinished(() => opened.close());
    return opened.producer;
  };
  const inFive = (): number => Date.now() + 5_000;
  const record = (topic: string, overrides: Partial<ProducerRecord> = {}): ProducerRecord => ({
    topic,
    key: "kündë €😀",
    value: "wärt",
    headers: [{ key: "ce_id", value: "ü" }],
    ...overrides,
  });

  test("makes the topics that are missing, and says where each record was stored", async () => {
    const topic = ownName("made");
    const producer = await open({ [topic]: 2 });
    const [stored] = await producer.produce([record(topic)], inFive());
    expect(stored).toMatchObject({ outcome: "stored", metadata: { topic, offset: 0 } });
    const [read] = await readRecords(brokers, topic, 1);
    expect([read?.key, read?.value, read?.headerEntries].map(String)).toEqual(["kündë €😀", "wärt", "ce_id,ü"]);
  });

  test("leaves a topic as it is that others have made", async () => {
    const topic = await createTopic(brokers, "others", 1);
    const producer = await open({ [topic]: 6 });
    expect(await producer.produce([record(topic)], inFive())).toMatchObject([{ metadata: { partition: 0 } }]);
  });

  test("what is wrong with one record keeps no other from being stored", async () => {
    const topic = await createTopic(brokers, "some", 1);
    const producer = await open({});
    const records = [record(topic), record(ownName("nope")), record(topic, { value: "x".repeat(2 * MAX_RECORD_BYTES) }), record(topic)];
    const outcomes = await producer.produce(records, inFive());
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["stored", "rejected", "rejected", "stored"]);
  });

  test("a request that comes too late is not called stored", async () => {
    const topic = await createTopic(brokers, "late", 1);
    const [late] = await (await open({})).produce([record(topic)], Date.now());
    expect(late?.outcome).toBeOneOf(["unavailable", "unknown"]);
  });

  test("asked whether requests can be produced, names each topic that is missing", async () => {
    const topic = await createTopic(brokers, "there", 1);
    const missing = ownName("nope");
    const producer = await open({});
    expect(await producer.check([topic], inFive())).toEqual([]);
    expect(await producer.check([topic, missing], inFive())).toEqual([
      `Topic ${missing} does not exist. Create it, or add it to GATEWAY_TOPICS.`,
    ]);
  });

  test.runIf(saslBrokers.length > 0)("a login that is refused says which variables to check", async () => {
    const sasl = { mechanism: "PLAIN", username: "nobody", password: "wrong" } as const;
    await expect(open({}, connectionTo(saslBrokers, { sasl }))).rejects.toThrow(
      "check KAFKA_SASL_MECHANISM, KAFKA_USERNAME and KAFKA_PASSWORD",
    );
  });

  test("brokers that are not there are named", async () => {
    await expect(open({}, connectionTo(["127.0.0.1:1"]))).rejects.toThrow(
      "no connection to 127.0.0.1:1 (ECONNREFUSED); check KAFKA_BROKERS",
    );
  });
});
