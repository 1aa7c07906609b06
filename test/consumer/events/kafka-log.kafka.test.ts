import { Admin, Producer } from "@platformatic/kafka";
import { describe, expect, test } from "vitest";
import { kafkaLog } from "../../../consumer/events/kafka-log.ts";
import { connectionTo } from "../../kafka/connections.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";
import { createTopic } from "../../kafka/broker/topics.ts";
import { describeEventLog, eventRecord } from "./event-log-contract.ts";

const KEPT = { "retention.ms": "-1", "retention.bytes": "-1" };

kafkaSuite("Kafka", ({ brokers }) => {
  const openLog = () => kafkaLog({ connection: connectionTo(brokers) });

  describe("as an event log", () => {
    describeEventLog({
      openLog,
      newTopic: () => createTopic(brokers, "events", 2, KEPT),
      async newForgetfulTopic() {
        const topic = await createTopic(brokers, "forgetful", 2, { "cleanup.policy": "compact,delete", "retention.ms": "1000000" });
        const fault = (found: string, wanted: string) =>
          expect.stringMatching(new RegExp(`${topic} has ${found}.*kafka-configs.sh.*--entity-name ${topic} --add-config ${wanted}$`));
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
        const log = openLog();
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
  });

  test("goes past the markers that transactions of others leave", async ({ onTestFinished }) => {
    const topic = await createTopic(brokers, "markers", 1, KEPT);
    const log = openLog();
    onTestFinished(() => log.close());
    await log.append({ topic, partition: 0 }, [eventRecord("a")]);
    const producer = new Producer({ clientId: "test", bootstrapBrokers: [...brokers], transactionalId: topic, idempotent: true });
    const transaction = await producer.beginTransaction();
    await transaction.send({ messages: [{ topic, partition: 0, value: Buffer.from("b") }] });
    await transaction.commit();
    await producer.close();
    const read = (offset: number) => log.read({ topic, partition: 0, offset }, { waitMs: 0, signal: new AbortController().signal });
    const first = await read(0);
    expect(first.records.map(({ value }) => String(value))).toEqual(["a", "b"]);
    expect(first).toMatchObject({ next: 3, end: 3 });
    expect(await log.append({ topic, partition: 0 }, [eventRecord("c")])).toEqual([3]);
    expect(await read(2)).toMatchObject({ records: [{ offset: 3 }], next: 4, end: 4 });
  });
});
