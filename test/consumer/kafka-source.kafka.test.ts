import { describe, expect, test } from "vitest";
import { kafkaSource } from "../../consumer/sources/kafka.ts";
import { connectionTo } from "../kafka/connections.ts";
import { readRecords } from "../kafka/broker/round-trip.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { createTopic } from "../kafka/broker/topics.ts";
import { createRecordedLog } from "./log.ts";
import { produceAll, toBytes } from "./kafka-consumer.ts";
import { describeSource } from "./source-contract.ts";

kafkaSuite("Kafka", ({ brokers }) => {
  test("a partition that is left out gives nothing while others go on, and then everything in its order", async () => {
    const topic = await createTopic(brokers, "paused", 2);
    const log = createRecordedLog();
    const options = { connection: connectionTo(brokers), group: `of-${topic}`, instance: "one", topics: [topic], log };
    const source = kafkaSource({ ...options, heartbeatIntervalMs: 200 });
    const stop = new AbortController();
    const send = (partition: number, values: readonly string[]) =>
      produceAll(
        brokers,
        values.map((value) => toBytes({ topic, partition, value })),
      );
    const given: string[] = [];
    await send(0, ["a0", "a1", "a2", "a3"]);
    await source.open(stop.signal, async () => {});
    for await (const { value, partition } of source.records(stop.signal)) {
      given.push(String(value));
      // In the middle of what has been fetched already.
      if (String(value) === "a1") {
        source.pause?.({ topic, partition });
        await send(1, ["b0", "b1"]);
      }
      if (String(value) === "b1") {
        await send(0, ["a4"]);
        source.resume?.({ topic, partition: 0 });
      }
      if (given.length === 7) break;
    }
    expect(given).toEqual(["a0", "a1", "b0", "b1", "a2", "a3", "a4"]);
    await source.close();
  });

  describe("as a source", () => {
    describeSource(() => ({
      newTopic: () => createTopic(brokers, "source", 3),
      createSource: (topic, instance) =>
        kafkaSource({
          connection: connectionTo(brokers),
          group: `of-${topic}`,
          instance,
          topics: [topic],
          log: createRecordedLog(),
          heartbeatIntervalMs: 200,
          random: () => 0,
        }),
      async produce(records) {
        const places = await produceAll(brokers, records.map(toBytes));
        return places.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
      },
      async read(topic, count) {
        const records = await readRecords(brokers, topic, count);
        return records.map(({ key, value, headerEntries }) => ({
          key: key.toString(),
          value: value.toString(),
          headers: headerEntries.map(([name, content]) => ({ key: name.toString(), value: content.toString() })),
        }));
      },
    }));
  });
});
