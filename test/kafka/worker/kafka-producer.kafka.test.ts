import { Admin, ClientQuotaMatchTypes } from "@platformatic/kafka";
import { expect, test } from "vitest";
import { openTcpSocket } from "../../../cli/doctor/tcp-socket.ts";
import { readRecord } from "../../../consumer/reading.ts";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import type { KafkaConnection } from "../../../worker/producers/kafka/broker.ts";
import { kafkaProducer } from "../../../worker/producers/kafka/kafka-producer.ts";
import { describeLiveProducer, newRequest, recordOf } from "../../helpers/live-producer.ts";
import { readRecords } from "../broker/round-trip.ts";
import { kafkaSuite } from "../broker/suite.ts";
import { createTopic, ownName } from "../broker/topics.ts";

const open = (brokers: readonly string[], more: Partial<KafkaConnection> = {}) =>
  kafkaProducer({ kafka: { brokers, clientId: "test", tls: false, sasl: undefined, ...more }, openSocket: openTcpSocket });

const inFive = () => Date.now() + 5_000;
const record = (topic: string, value: string, key?: string): ProducerRecord => ({ topic, key, value, headers: [] });

kafkaSuite("the Worker's producer", ({ brokers }) => {
  describeLiveProducer({ name: "a real Kafka", open: () => open(brokers), topic: () => createTopic(brokers, "live", 3) });

  test("a request arrives at the handler as it was accepted", async () => {
    const topic = await createTopic(brokers, "requests", 1);
    const requests = [
      newRequest({ data: { text: 'ü€😀 "\\\n\u0000', list: [1.5, null, true, { a: {} }] }, orderingKey: "kündë €😀" }),
      newRequest({ data: "", orderingKey: "" }),
      newRequest({ data: 0, traceparent: undefined }),
      newRequest({ data: "€".repeat(100_000) }),
    ];
    const outcomes = await open(brokers).produce(
      requests.map((request) => ({ ...recordOf(request), topic })),
      inFive(),
    );
    expect(outcomes).toMatchObject(requests.map((_, offset) => ({ outcome: "stored", metadata: { topic, partition: 0, offset } })));
    const read = (await readRecords(brokers, topic, 4)).map(({ key, value, headerEntries }) => ({
      key,
      value,
      headers: headerEntries.map(([name, text]) => ({ key: String(name), value: text })),
    }));
    expect(read.map(({ key }) => key?.toString() ?? null)).toEqual(requests.map(({ orderingKey }) => orderingKey ?? null));
    expect(read.map(readRecord)).toEqual(requests.map((request) => ({ kind: "request", request })));
  });

  test("answers a thousand calls at once, each with the places of its own records, and keeps the order of each key", async () => {
    const topic = await createTopic(brokers, "many", 6);
    const producer = open(brokers);
    const values = Array.from({ length: 1_000 }, (_, index) => String(index));
    const outcomes = await Promise.all(
      values.map((value, index) => producer.produce([record(topic, value, index % 3 === 0 ? undefined : `key-${index % 10}`)], inFive())),
    );
    const records = await readRecords(brokers, topic, values.length);
    const where = new Map(records.map(({ partition, offset, value }) => [`${partition}/${offset}`, String(value)]));
    for (const [index, [outcome]] of outcomes.entries()) {
      if (outcome?.outcome !== "stored") throw new Error(JSON.stringify(outcome));
      expect(where.get(`${outcome.metadata?.partition}/${outcome.metadata?.offset}`)).toBe(String(index));
    }
    for (const ofKey of Map.groupBy(records, ({ key }) => key?.toString()).values()) {
      if (!ofKey[0]?.key) continue;
      const inOrder = ofKey.toSorted((one, other) => Number(one.offset - other.offset)).map(({ value }) => Number(value));
      expect(inOrder).toEqual(inOrder.toSorted((one, other) => one - other));
    }
  });

  test("a record without a key that a compacted topic does not take is refused, with what to do", async () => {
    const topic = await createTopic(brokers, "compacted", 1, { "cleanup.policy": "compact" });
    const outcomes = await open(brokers).produce([record(topic, "a", "key"), record(topic, "b"), record(topic, "c", "key")], inFive());
    expect(outcomes).toMatchObject([
      { outcome: "stored", metadata: { offset: 0 } },
      { outcome: "rejected", detail: expect.stringMatching(/orderingKey/) },
      { outcome: "stored", metadata: { offset: 1 } },
    ]);
  });

  test("a record that is larger than the topic takes is refused, and those beside it are stored", async () => {
    const topic = await createTopic(brokers, "small", 1, { "max.message.bytes": "10000" });
    const values = ["a".repeat(4_000), "b".repeat(20_000), "c".repeat(4_000), "d".repeat(4_000)];
    const outcomes = await open(brokers).produce(
      values.map((value) => record(topic, value, "key")),
      inFive(),
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["stored", "rejected", "stored", "stored"]);
    const stored = (await readRecords(brokers, topic, 3)).map(({ value }) => String(value)[0]);
    expect(stored).toEqual(["a", "c", "d"]);
  });

  test("a producer that is over its quota waits, and says so", async () => {
    const topic = await createTopic(brokers, "quota", 1);
    const clientId = ownName("over-quota");
    const admin = new Admin({ clientId: "test", bootstrapBrokers: [...brokers] });
    const entities = [{ entityType: "client-id", entityName: clientId }] as const;
    try {
      await admin.alterClientQuotas({
        entries: [{ entities: [...entities], ops: [{ key: "producer_byte_rate", value: 10_000, remove: false }] }],
      });
      await expect
        .poll(() =>
          admin.describeClientQuotas({
            components: [{ entityType: "client-id", matchType: ClientQuotaMatchTypes.EXACT, match: clientId }],
          }),
        )
        .not.toEqual([]);
    } finally {
      await admin.close();
    }
    const producer = open(brokers, { clientId });
    expect(await producer.produce([record(topic, "x".repeat(200_000))], inFive())).toMatchObject([{ outcome: "stored" }]);
    expect(await producer.produce([record(topic, "y")], Date.now() + 500)).toMatchObject([
      { outcome: "unavailable", detail: expect.stringMatching(/quota/) },
    ]);
    expect(await producer.produce([record(topic, "z")], Date.now() + 60_000)).toMatchObject([
      { outcome: "stored", metadata: { offset: 1 } },
    ]);
  });
});

kafkaSuite(
  "the Worker's producer at other listeners",
  ({ brokers, saslBrokers, tlsBrokers }) => {
    const login = (mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512", username: string, password: string) =>
      open(saslBrokers, { sasl: { mechanism, username, password } });

    test.each(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const)("logs in by %s, and tells of a wrong password", async (mechanism) => {
      const topic = await createTopic(brokers, "sasl", 1);
      const right = login(mechanism, "admin", "admin-secret");
      expect(await right.produce([record(topic, "a")], inFive())).toMatchObject([{ outcome: "stored" }]);
      expect(await right.check([topic], inFive())).toEqual([]);
      const wrong = login(mechanism, "admin", "wrong");
      expect(await wrong.produce([record(topic, "a")], inFive())).toMatchObject([
        { outcome: "rejected", detail: expect.stringMatching(/refused the login.*KAFKA_PASSWORD/) },
      ]);
      expect(await wrong.check([topic], inFive())).toEqual([
        expect.stringMatching(/^Broker 127\.0\.0\.1:\d+ of KAFKA_BROKERS: Kafka refused the login/),
      ]);
    });

    test("no login where one is asked for is told as what it may be", async () => {
      const producer = open(saslBrokers);
      expect(await producer.produce([record("any", "a")], inFive())).toMatchObject([
        { outcome: "unavailable", detail: expect.stringMatching(/KAFKA_SASL_MECHANISM/) },
      ]);
      expect(await producer.check(["any"], inFive())).toEqual([expect.stringMatching(/KAFKA_SASL_MECHANISM/)]);
    });

    test("a login where none is asked for is told as what it is", async () => {
      const producer = open(brokers, { sasl: { mechanism: "PLAIN", username: "admin", password: "admin-secret" } });
      expect(await producer.produce([record("any", "a")], inFive())).toMatchObject([
        { outcome: "rejected", detail: expect.stringMatching(/Unset KAFKA_SASL_MECHANISM/) },
      ]);
    });

    test("a user who may not write is told so, and so is whoever checks", async () => {
      const topic = await createTopic(brokers, "forbidden", 1);
      const guest = login("PLAIN", "guest", "guest-secret");
      expect(await guest.produce([record(topic, "a")], inFive())).toMatchObject([
        { outcome: "rejected", detail: expect.stringMatching(/TOPIC_AUTHORIZATION_FAILED.*Allow KAFKA_USERNAME/) },
      ]);
      expect(await guest.check([topic], inFive())).toEqual([expect.stringMatching(/^Topic forbidden-\w+: .*TOPIC_AUTHORIZATION_FAILED/)]);
    });

    test("a port for TLS without TLS, and one without TLS by TLS, are told apart", async () => {
      expect(await open(tlsBrokers).produce([record("any", "a")], inFive())).toMatchObject([
        { outcome: "rejected", detail: expect.stringMatching(/speaks TLS.*Set KAFKA_SSL to 1/) },
      ]);
      expect(await open(brokers, { tls: true }).produce([record("any", "a")], inFive())).toMatchObject([
        { outcome: "unavailable", detail: expect.stringMatching(/no connection to Kafka by TLS.*KAFKA_SSL/) },
      ]);
    });

    test("a certificate that nobody vouches for is refused, and the check says what is wrong with it", async () => {
      const producer = open(tlsBrokers, { tls: true });
      expect(await producer.produce([record("any", "a")], inFive())).toMatchObject([
        { outcome: "unavailable", detail: expect.stringMatching(/certificate/) },
      ]);
      expect(await producer.check(["any"], inFive())).toEqual([expect.stringMatching(/self-signed certificate/)]);
    });
  },
  { needs: "listeners" },
);
