import { onTestFinished } from "vitest";
import { kafkaSource, type KafkaSourceOptions } from "../../consumer/sources/kafka.ts";
import { startConsumer } from "../../consumer/start-consumer.ts";
import type { RunningConsumer } from "../../consumer/start-flow.ts";
import { defineContract } from "../../contract/contract.ts";
import { contract } from "../project/app/contract.ts";
import type { NewRecord } from "../../kafka/pending-record.ts";
import { createKafkaProducer } from "../../kafka/producer.ts";
import { connectionTo } from "../kafka/connections.ts";
import { ownName } from "../kafka/broker/topics.ts";
import { createRecordedLog, type RecordedLog } from "./log.ts";
import { REPLY_SECRET, sinksTo } from "./process.ts";
import { type ReplyReceiver, startReplyReceiver } from "./reply-receiver.ts";
import { type newRequest, toWire, type WireRecord } from "./requests.ts";

/** A record of text as bytes. */
export const toBytes = ({ topic, partition, key, value, headers = [] }: WireRecord): NewRecord => ({
  topic,
  partition,
  key: key === undefined ? undefined : Buffer.from(key),
  value: Buffer.from(value),
  headers: headers.map((header) => [Buffer.from(header.key), Buffer.from(header.value)] as const),
});

/** Requests as records of a topic. */
export const toRecords = (topic: string, requests: readonly ReturnType<typeof newRequest>[]): NewRecord[] =>
  requests.map((request) => toBytes({ ...toWire(request), topic }));

/** Produces with a producer of its own. */
export const produceAll = async (brokers: readonly string[], records: readonly NewRecord[]) => {
  const producer = createKafkaProducer(connectionTo(brokers));
  try {
    return await producer.produce(records);
  } finally {
    await producer.close();
  }
};

export type KafkaConsumerStage = {
  readonly receiver: ReplyReceiver;
  /** Starts a consumer of `sum` in this process. */
  start(
    instance: string,
    sum: (request: { a: number; b: number }, context: { signal: AbortSignal }) => unknown,
    more?: Partial<KafkaSourceOptions>,
  ): RunningConsumer & { readonly log: RecordedLog };
};

/** A group of its own on one topic, whose consumers deliver to one receiver. */
export const createKafkaConsumerStage = async (brokers: readonly string[], topic: string): Promise<KafkaConsumerStage> => {
  const receiver = await startReplyReceiver({ secret: REPLY_SECRET });
  const group = ownName("consumers");
  const running: RunningConsumer[] = [];
  onTestFinished(async () => {
    await Promise.all(running.map((consumer) => consumer.drain(0)));
    await receiver.close();
  });
  return {
    receiver,
    start(instance, sum, more = {}) {
      const log = createRecordedLog();
      const connection = connectionTo(brokers);
      const consumer = startConsumer({
        contract: defineContract({ sum: contract.sum }),
        handlers: { sum },
        source: kafkaSource({ connection, group, instance, topics: [topic], log, heartbeatIntervalMs: 200, random: () => 0, ...more }),
        sinks: sinksTo(receiver, log),
        log,
        concurrency: 64,
        replySource: "/consumer/test",
      });
      running.push(consumer);
      return { ...consumer, log };
    },
  };
};
