import { expect, onTestFinished, test } from "vitest";
import { openTcpSocket } from "../../../cli/doctor/tcp-socket.ts";
import { createAdminClient } from "../../../kafka/clients.ts";
import type { ProduceOutcome, Producer } from "../../../worker/producer.ts";
import { kafkaProducer } from "../../../worker/producers/kafka/kafka-producer.ts";
import { until } from "../../helpers/stack.ts";
import { readRecords } from "../broker/round-trip.ts";
import { type Kafka, startKafka } from "../broker/start-kafka.ts";
import { kafkaSuite } from "../broker/suite.ts";
import { createTopic } from "../broker/topics.ts";
import { connectionTo } from "../connections.ts";

const start = async (nodes: 1 | 3): Promise<{ kafka: Kafka; producer: Producer }> => {
  const kafka = await startKafka({ nodes });
  onTestFinished(() => kafka.remove());
  const connection = { brokers: kafka.brokers, clientId: "test", tls: false, sasl: undefined };
  return { kafka, producer: kafkaProducer({ kafka: connection, openSocket: openTcpSocket }) };
};

const produceTo = (
  producer: Producer,
  topic: string,
  value: string,
  timeoutMs: number,
  key?: string,
): Promise<ProduceOutcome | undefined> =>
  producer.produce([{ topic, key, value, headers: [] }], Date.now() + timeoutMs).then(([outcome]) => outcome);

/** The brokers that have a partition and are in sync, the leader first. */
const replicasOf = async (brokers: readonly string[], topic: string): Promise<readonly number[]> => {
  const admin = createAdminClient(connectionTo(brokers));
  try {
    const { leader, isr = [] } = (await admin.metadata({ topics: [topic] })).topics.get(topic)?.partitions[0] ?? { leader: -1 };
    return [leader, ...isr.filter((id) => id !== leader)];
  } finally {
    await admin.close();
  }
};

/** What is in the topic once a last record is in it. */
const storedIn = async (brokers: readonly string[], topic: string, producer: Producer): Promise<readonly string[]> => {
  let last: ProduceOutcome | undefined;
  await until(async () => (last = await produceTo(producer, topic, "last", 5_000, "key"))?.outcome === "stored");
  const offset = last?.outcome === "stored" ? (last.metadata?.offset ?? 0) : 0;
  return (await readRecords(brokers, topic, offset + 1)).map(({ value }) => String(value));
};

kafkaSuite(
  "faults of the Worker's producer",
  () => {
    test("the death of a leader costs nothing that was acknowledged, doubles nothing, and holds up what comes after it only for a while", async () => {
      const { kafka, producer } = await start(3);
      const topic = await createTopic(kafka.brokers, "leader", 1);
      const [leader] = await replicasOf(kafka.brokers, topic);
      const outcomes = new Map<string, Promise<ProduceOutcome | undefined>>();
      const flow = async (name: string, count: number) => {
        for (let index = 0; index < count; index += 1) {
          const outcome = produceTo(producer, topic, `${name}-${index}`, 60_000, "key");
          outcomes.set(`${name}-${index}`, outcome);
          if (index % 10 === 0) await outcome;
        }
      };
      await flow("before", 100);
      const during = flow("during", 2_000);
      await kafka.nodes.find(({ id }) => id === leader)?.kill();
      await Promise.all([during, flow("after", 100)]);

      const known = await Promise.all([...outcomes].map(async ([name, outcome]) => ({ name, outcome: await outcome })));
      const failed = known.filter(({ outcome }) => outcome?.outcome !== "stored");
      expect(failed.filter(({ outcome }) => outcome?.outcome !== "unknown")).toEqual([]);
      expect(failed.filter(({ name }) => name.startsWith("after"))).toEqual([]);
      const stored = await storedIn(kafka.brokers, topic, producer);
      expect(new Set(stored).size).toBe(stored.length);
      for (const { name, outcome } of known) if (outcome?.outcome === "stored") expect(stored[outcome.metadata?.offset ?? -1]).toBe(name);
    });

    test("what a leader has taken when it hands over the partition is stored at most once", async () => {
      const { kafka, producer } = await start(3);
      const topic = await createTopic(kafka.brokers, "hand-over", 1);
      await produceTo(producer, topic, "first", 30_000, "key");
      const [leader, , standing] = await replicasOf(kafka.brokers, topic);
      const nodeOf = (id: number | undefined) => kafka.nodes.find((node) => node.id === id) as Kafka["nodes"][number];
      // A replica that stands still but is in sync: the leader appends the record and waits for it.
      process.kill(nodeOf(standing).pid, "SIGSTOP");
      const outcomes = ["a", "b", "c"].map((value) => produceTo(producer, topic, value, 20_000, "key"));
      await nodeOf(leader).stop();
      const known = await Promise.all(outcomes);
      process.kill(nodeOf(standing).pid, "SIGCONT");
      await kafka.ready(2);
      const stored = await storedIn(kafka.brokers, topic, producer);
      expect(new Set(stored).size).toBe(stored.length);
      expect(known.map((outcome) => outcome?.outcome).filter((outcome) => outcome === "rejected")).toEqual([]);
      for (const [index, value] of ["a", "b", "c"].entries()) if (known[index]?.outcome === "stored") expect(stored).toContain(value);
    });

    test("of a broker that stands still nobody knows what it stored, and afterwards it is used again", async () => {
      const { kafka, producer } = await start(1);
      const topic = await createTopic(kafka.brokers, "still", 1);
      expect(await produceTo(producer, topic, "first", 10_000)).toMatchObject({ outcome: "stored" });
      const [{ pid }] = kafka.nodes as [Kafka["nodes"][number]];
      process.kill(pid, "SIGSTOP");
      // Some of its threads run on for a moment.
      await until(async () => (await produceTo(producer, topic, "still", 500))?.outcome === "unknown");
      expect(await produceTo(producer, topic, "not sent", 500)).toMatchObject({ outcome: "unavailable" });
      process.kill(pid, "SIGCONT");
      await until(async () => (await produceTo(producer, topic, "again", 5_000))?.outcome === "stored");
    });

    test("a broker that is gone is told of at once, and one that came back is used again", async () => {
      const { kafka, producer } = await start(1);
      const topic = await createTopic(kafka.brokers, "gone", 1);
      expect(await produceTo(producer, topic, "first", 10_000)).toMatchObject({ outcome: "stored" });
      const [node] = kafka.nodes as [Kafka["nodes"][number]];
      await node.kill();
      expect(await produceTo(producer, topic, "gone", 100_000)).toMatchObject({
        outcome: "unavailable",
        detail: expect.stringMatching(/no connection.*KAFKA_BROKERS/),
      });
      await node.restart();
      await kafka.ready();
      expect(await produceTo(producer, topic, "again", 60_000)).toMatchObject({ outcome: "stored", metadata: { offset: 1 } });
    });

    test("too few replicas are waited for until the deadline, and then nothing was stored", async () => {
      const { kafka, producer } = await start(3);
      const topic = await createTopic(kafka.brokers, "strict", 1, { "min.insync.replicas": "3" });
      const [, , follower] = await replicasOf(kafka.brokers, topic);
      await kafka.nodes.find(({ id }) => id === follower)?.kill();
      await until(async () => (await replicasOf(kafka.brokers, topic)).length === 2);
      expect(await produceTo(producer, topic, "x", 1_000)).toMatchObject({
        outcome: "unavailable",
        detail: expect.stringMatching(/NOT_ENOUGH_REPLICAS.*min\.insync\.replicas/),
      });
    });
  },
  { needs: "clusters" },
);
