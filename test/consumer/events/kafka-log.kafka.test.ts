import { Admin, Producer } from "@platformatic/kafka";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EventLog } from "../../../consumer/events/event-log.ts";
import { kafkaLog } from "../../../consumer/events/kafka-log.ts";
import { restLog } from "../../../consumer/events/rest-log.ts";
import { type GatewayProcess, startGatewayProcess } from "../../helpers/gateway.ts";
import { connectionTo } from "../../kafka/connections.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";
import { createTopic, ownName } from "../../kafka/broker/topics.ts";
import { describeEventLog, type EventLogStage, eventRecord } from "./event-log-contract.ts";

const NOW = { waitMs: 0, signal: new AbortController().signal };
const KEPT = { "retention.ms": "-1", "retention.bytes": "-1" };

kafkaSuite("Kafka", ({ brokers }) => {
  const openKafkaLog = () => kafkaLog({ connection: connectionTo(brokers) });

  const stageOf = (openLog: () => EventLog, mend: string): EventLogStage => ({
    openLog,
    newTopic: () => createTopic(brokers, "events", 2, KEPT),
    async newForgetfulTopic() {
      const topic = await createTopic(brokers, "forgetful", 2, { "cleanup.policy": "compact,delete", "retention.ms": "1000000" });
      const fault = (found: string, wanted: string) =>
        expect.stringMatching(new RegExp(`${topic} has ${found}.*${mend}kafka-configs.sh.*--entity-name ${topic} --add-config ${wanted}$`));
      return {
        topic,
        faults: [
          fault("cleanup.policy=(compact,delete|delete,compact)", "cleanup.policy=delete"),
          fault("retention.ms=1000000", "retention.ms=-1"),
        ],
      };
    },
    async newTrimmedTopic() {
      const topic = await createTopic(brokers, "trimmed", 1, KEPT);
      const log = openKafkaLog();
      await log.append(
        { topic, partition: 0 },
        ["a", "b", "c"].map((value) => eventRecord(value)),
      );
      await log.close();
      const admin = new Admin({ clientId: "test", bootstrapBrokers: [...brokers] });
      await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 2n }] }] });
      await admin.close();
      return topic;
    },
  });

  describe("as an event log", () => describeEventLog(stageOf(openKafkaLog, "Set it: ")));

  describe("as an event log through a gateway", () => {
    let gateway: GatewayProcess;
    const openLog = () => restLog({ url: gateway.url, username: gateway.username, password: gateway.password });
    beforeAll(async () => {
      gateway = await startGatewayProcess({
        GATEWAY_ENGINE: "kafka",
        KAFKA_BROKERS: brokers.join(","),
        GATEWAY_TOPICS: `${ownName("any")}:1`,
      });
    });
    afterAll(() => gateway.remove());

    describeEventLog(stageOf(openLog, ".*where the gateway serves a cluster: "));

    test("a reader has caught up where only the marker of a transaction follows", async ({ onTestFinished }) => {
      const topic = await createTopic(brokers, "last-marker", 1, KEPT);
      const log = openLog();
      onTestFinished(() => log.close());
      await produceInTransaction(topic, "b");
      const first = await log.read({ topic, partition: 0, offset: 0 }, NOW);
      expect(first.records).toHaveLength(1);
      const last = await log.read({ topic, partition: 0, offset: first.next }, NOW);
      expect(last).toEqual({ records: [], next: 1, end: 1 });
      expect(await log.append({ topic, partition: 0 }, [eventRecord("c")])).toEqual([2]);
      expect(await log.read({ topic, partition: 0, offset: 1 }, NOW)).toMatchObject({ records: [{ offset: 2 }], next: 3 });
    });
  });

  const produceInTransaction = async (topic: string, value: string): Promise<void> => {
    const producer = new Producer({ clientId: "test", bootstrapBrokers: [...brokers], transactionalId: topic, idempotent: true });
    const transaction = await producer.beginTransaction();
    await transaction.send({ messages: [{ topic, partition: 0, value: Buffer.from(value) }] });
    await transaction.commit();
    await producer.close();
  };

  test("goes past the markers that transactions of others leave", async ({ onTestFinished }) => {
    const topic = await createTopic(brokers, "markers", 1, KEPT);
    const log = openKafkaLog();
    onTestFinished(() => log.close());
    await log.append({ topic, partition: 0 }, [eventRecord("a")]);
    await produceInTransaction(topic, "b");
    const read = (offset: number) => log.read({ topic, partition: 0, offset }, NOW);
    const first = await read(0);
    expect(first.records.map(({ value }) => String(value))).toEqual(["a", "b"]);
    expect(first).toMatchObject({ next: 3, end: 3 });
    expect(await log.append({ topic, partition: 0 }, [eventRecord("c")])).toEqual([3]);
    expect(await read(2)).toMatchObject({ records: [{ offset: 3 }], next: 4, end: 4 });
  });
});
