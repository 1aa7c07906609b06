import { describe } from "vitest";
import { kafkaSource } from "../../consumer/sources/kafka.ts";
import { connectionTo } from "../kafka/connections.ts";
import { readRecords } from "../kafka/broker/round-trip.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { createTopic } from "../kafka/broker/topics.ts";
import { createRecordedLog } from "./log.ts";
import { produceAll, toBytes } from "./kafka-consumer.ts";
import { describeSource } from "./source-contract.ts";

kafkaSuite("Kafka", ({ brokers }) => {
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
