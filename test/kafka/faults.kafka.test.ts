import { expect, onTestFinished, test } from "vitest";
import { createAdminClient } from "../../kafka/clients.ts";
import { KafkaError } from "../../kafka/kafka-error.ts";
import type { ProduceError, ProduceOutcome } from "../../kafka/produce-error.ts";
import { createKafkaProducer, type KafkaProducer } from "../../kafka/producer.ts";
import { until } from "../helpers/stack.ts";
import { readRecords } from "./broker/round-trip.ts";
import { type Kafka, startKafka } from "./broker/start-kafka.ts";
import { kafkaSuite } from "./broker/suite.ts";
import { createTopic } from "./broker/topics.ts";
import { connectionTo } from "./connections.ts";

const start = async (nodes: 1 | 3): Promise<{ kafka: Kafka; producer: KafkaProducer }> => {
  const kafka = await startKafka({ nodes });
  onTestFinished(() => kafka.remove());
  const producer = createKafkaProducer(connectionTo(kafka.brokers));
  onTestFinished(() => producer.close());
  return { kafka, producer };
};

const outcomeOf = (stored: Promise<readonly ProduceOutcome[]>): Promise<ProduceOutcome | undefined> =>
  stored.then(
    ([place]) => place,
    (error: ProduceError) => error.outcomes[0],
  );

const leaderOf = async (brokers: readonly string[], topic: string): Promise<number | undefined> => {
  const admin = createAdminClient(connectionTo(brokers));
  try {
    return (await admin.metadata({ topics: [topic] })).topics.get(topic)?.partitions[0]?.leader;
  } finally {
    await admin.close();
  }
};

kafkaSuite(
  "faults",
  () => {
    test("the death of a leader costs nothing that was acknowledged, doubles nothing, and holds up what comes after it only for a while", async () => {
      const { kafka, producer } = await start(3);
      const topic = await createTopic(kafka.brokers, "leader", 1);
      const strict = await createTopic(kafka.brokers, "strict", 1, { "min.insync.replicas": "3" });
      const leader = await leaderOf(kafka.brokers, topic);
      const produce = (name: string) => outcomeOf(producer.produce([{ topic, value: Buffer.from(name) }], { timeoutMs: 60_000 }));
      const outcomes = new Map<string, Promise<ProduceOutcome | undefined>>();
      const flow = async (name: string, count: number) => {
        for (let index = 0; index < count; index += 1) {
          const outcome = produce(`${name}-${index}`);
          outcomes.set(`${name}-${index}`, outcome);
          if (index % 10 === 0) await outcome;
        }
      };
      await flow("before", 100);
      const during = flow("during", 2_000);
      await kafka.nodes.find(({ id }) => id === leader)?.kill();
      await Promise.all([during, flow("after", 100)]);

      const known = await Promise.all([...outcomes].map(async ([name, outcome]) => [name, await outcome] as const));
      const failed = known.filter(([, outcome]) => outcome instanceof KafkaError);
      expect(failed.map(([, outcome]) => (outcome as KafkaError).code).filter((code) => code !== "unknown")).toEqual([]);
      expect(failed.filter(([name]) => name.startsWith("after"))).toEqual([]);
      const places = known.flatMap(([name, outcome]) =>
        outcome === undefined || outcome instanceof KafkaError ? [] : [{ name, ...outcome }],
      );
      const last = places.reduce((highest, { offset }) => (offset > highest ? offset : highest), 0);
      const stored = (await readRecords(kafka.brokers, topic, last + 1)).map(({ value }) => String(value));
      expect(new Set(stored).size).toBe(stored.length);
      for (const { name, offset } of places) expect(stored[offset]).toBe(name);

      await kafka.ready(2);
      // What is on its way to the broker when its time is over may have been stored: then the next one tells.
      await until(async () => {
        const tooFew = await outcomeOf(producer.produce([{ topic: strict, value: Buffer.from("x") }], { timeoutMs: 1_000 }));
        if (!(tooFew instanceof KafkaError)) throw new Error(`Expected too few replicas to refuse it, got ${JSON.stringify(tooFew)}`);
        return tooFew.code === "unavailable" && tooFew.retryable && tooFew.message.includes("NOT_ENOUGH_REPLICAS");
      });
    });

    test("what a leader had appended when it handed over the partition is unknown, and stored at most once", async () => {
      const { kafka, producer } = await start(3);
      const topic = await createTopic(kafka.brokers, "hand-over", 1);
      const produce = (name: string) => outcomeOf(producer.produce([{ topic, value: Buffer.from(name) }], { timeoutMs: 20_000 }));
      await produce("first");
      const leader = await leaderOf(kafka.brokers, topic);
      const [standing, handingOver] = [kafka.nodes.find(({ id }) => id !== leader), kafka.nodes.find(({ id }) => id === leader)];
      // A replica that stands still but is in sync: the leader appends the record and waits for it.
      process.kill(standing?.pid ?? 0, "SIGSTOP");
      const underWay = produce("under way");
      await handingOver?.stop();
      const outcome = await underWay;
      process.kill(standing?.pid ?? 0, "SIGCONT");
      await kafka.ready(2);
      let last: ProduceOutcome | undefined;
      await until(async () => !((last = await produce("last")) instanceof KafkaError));
      const { offset } = last as Exclude<ProduceOutcome, KafkaError>;
      const stored = (await readRecords(kafka.brokers, topic, offset + 1)).map(({ value }) => String(value));
      expect(stored.filter((name) => name === "under way").length).toBeLessThanOrEqual(1);
      if (outcome instanceof KafkaError && outcome.code !== "unknown") expect(stored).not.toContain("under way");
    });

    test("of a broker that stands still nobody knows what it stored, and afterwards it is used again", async () => {
      const { kafka, producer } = await start(1);
      const topic = await createTopic(kafka.brokers, "still", 1);
      const produce = (timeoutMs: number) => producer.produce([{ topic, value: Buffer.from("value") }], { timeoutMs });
      await produce(10_000);
      const [{ pid }] = kafka.nodes as [(typeof kafka.nodes)[0]];
      process.kill(pid, "SIGSTOP");
      // Some of its threads run on for a moment.
      const untilItStands = async () => {
        for (;;) await produce(500);
      };
      await expect(untilItStands()).rejects.toMatchObject({
        code: "unknown",
        retryable: false,
        message: expect.stringMatching(/within 500 ms/),
      });
      process.kill(pid, "SIGCONT");
      expect(await produce(30_000)).toMatchObject([{ topic }]);
    });

    test("a broker that is gone is told of at once, and one that came back is used again", async () => {
      const { kafka, producer } = await start(1);
      const topic = await createTopic(kafka.brokers, "gone", 1);
      const produce = () => producer.produce([{ topic, value: Buffer.from("value") }], { timeoutMs: 100_000 });
      await produce();
      const [node] = kafka.nodes as [(typeof kafka.nodes)[0]];
      await node.kill();
      await expect(produce()).rejects.toMatchObject({ code: "unavailable", message: expect.stringMatching(/ECONNREFUSED/) });
      await node.restart();
      await kafka.ready();
      expect(await produce()).toMatchObject([{ topic }]);
    });
  },
  { needs: "clusters" },
);
