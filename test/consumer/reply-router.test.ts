import { expect, onTestFinished, test } from "vitest";
import { createDelivery } from "../../consumer/delivery.ts";
import { createInFlightLimiter } from "../../consumer/in-flight-limiter.ts";
import { createReplies } from "../../consumer/replies.ts";
import { createReplyRouter } from "../../consumer/reply-router.ts";
import { replyTopicSink } from "../../consumer/sinks/reply-topic.ts";
import { createWorkerDelivery } from "../../consumer/worker-delivery.ts";
import { KafkaError } from "../../kafka/kafka-error.ts";
import type { NewRecord } from "../../kafka/pending-record.ts";
import { ProduceError } from "../../kafka/produce-error.ts";
import { createRecordedLog } from "./log.ts";
import { REPLY_SECRET, sinksTo } from "./process.ts";
import { startReplyReceiver } from "./reply-receiver.ts";
import { newCorrelationId } from "./requests.ts";

const replies = createReplies({ source: "/consumer/test" });
const toCaller = () => ({ correlationId: newCorrelationId(), operation: "sum" });
const toRequester = () => ({
  ...toCaller(),
  returnTo: { topic: "sum.replies", partition: undefined, correlation: Buffer.from("7"), key: null },
});

/** A Worker and a cluster, either of which can be away, and room for little more than one reply to each. */
const setUp = async () => {
  const receiver = await startReplyReceiver({ secret: REPLY_SECRET });
  const log = createRecordedLog();
  const records: NewRecord[] = [];
  let isKafkaAway = false;
  const producer = {
    async produce(given: readonly NewRecord[]) {
      if (isKafkaAway) throw new ProduceError(given.map(() => new KafkaError("unavailable", "no broker answers")));
      records.push(...given);
      return given.map(({ topic }, offset) => ({ topic, partition: 0, offset: BigInt(offset) }) as never);
    },
  };
  const limiter = createInFlightLimiter({ maxRecords: Number.POSITIVE_INFINITY, maxBytes: 100 });
  const router = createReplyRouter({
    toWorker: createWorkerDelivery({ sinks: sinksTo(receiver, log), replies, log, maxWaitingBytes: 100 }),
    toRequesters: createDelivery({ sink: replyTopicSink({ producer, log }), replies, log, limiter }),
  });
  onTestFinished(async () => {
    router.close();
    await receiver.close();
  });
  return {
    router,
    receiver,
    records,
    leaveKafka: () => (isKafkaAway = true),
    leaveWorker() {
      receiver.fail("refusing");
    },
  };
};

test("a reply goes to the Worker unless its request named a topic", async () => {
  const { router, receiver, records } = await setUp();
  const [caller, requester] = [toCaller(), toRequester()];
  await Promise.all([router.deliver(replies.succeeded(caller, 1)), router.deliver(replies.succeeded(requester, 2))]);
  expect([...receiver.stored.keys()]).toEqual([caller.correlationId]);
  expect(records.map(({ topic, value }) => [topic, String(value)])).toEqual([["sum.replies", "2"]]);
});

test("requesters on Kafka get their replies, and have room for more, while the Worker is away", async () => {
  const { router, records, leaveWorker } = await setUp();
  leaveWorker();
  void router.deliver(replies.succeeded(toCaller(), "x".repeat(200)));
  await router.room(toRequester());
  expect(await router.deliver(replies.succeeded(toRequester(), 1))).toBe(true);
  expect(records).toHaveLength(1);
});

test("callers of the Worker get their replies, and have room for more, while Kafka is away", async () => {
  const { router, receiver, leaveKafka } = await setUp();
  leaveKafka();
  void router.deliver(replies.succeeded(toRequester(), "x".repeat(200)));
  await router.room(toCaller());
  expect(await router.deliver(replies.succeeded(toCaller(), 1))).toBe(true);
  expect(receiver.stored.size).toBe(1);
});

test("requesters on Kafka are not sent the news that a handler is at work", async () => {
  const { router, records } = await setUp();
  expect(await router.deliver(replies.processing(toRequester()))).toBe(true);
  expect(records).toEqual([]);
});
