import { expect, onTestFinished, test } from "vitest";
import { createConsumerMetrics } from "../../../consumer/observe/metrics.ts";
import { observeSource } from "../../../consumer/observe/source.ts";
import { kafkaSource } from "../../../consumer/sources/kafka.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";
import { createTopic } from "../../kafka/broker/topics.ts";
import { connectionTo } from "../../kafka/connections.ts";
import { produceAll, toBytes } from "../kafka-consumer.ts";
import { createRecordedLog } from "../log.ts";
import { take } from "../source-contract.ts";

kafkaSuite("how far a consumer is behind on Kafka", ({ brokers }) => {
  test("is what its group has not committed yet", async () => {
    const topic = await createTopic(brokers, "lag", 2);
    const record = (partition: number, value: string) => ({ ...toBytes({ topic, value }), partition });
    await produceAll(brokers, [record(0, "a"), record(0, "b"), record(0, "c")]);
    const { page, ...observer } = createConsumerMetrics({ operations: ["sum"], problems: () => [] });
    const log = createRecordedLog();
    const options = { connection: connectionTo(brokers), group: `of-${topic}`, instance: "one", topics: [topic], log };
    const source = observeSource(kafkaSource({ ...options, onRead: observer.read }), { ...observer, workerReached: () => {} });
    onTestFinished(() => source.close());
    const stop = new AbortController();
    await source.open(stop.signal, async () => {});
    const lag = async () =>
      [...(await page()).text.matchAll(/lag_records\{.*partition="(\d)"\} (\d+)/g)].map(([, ...found]) => found.map(Number));
    expect(await take(source, 3, stop)).toHaveLength(3);
    expect(await lag()).toContainEqual([0, 3]);
    await source.commit([{ topic, partition: 0, offset: 2 }]);
    expect(await lag()).toContainEqual([0, 1]);
  });
});
