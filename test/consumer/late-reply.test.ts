import { expect, onTestFinished, test } from "vitest";
import { replyTopicSink } from "../../consumer/sinks/reply-topic.ts";
import { startConsumer } from "../../consumer/start-consumer.ts";
import { defineContract } from "../../contract/contract.ts";
import type { NewRecord } from "../../kafka/pending-record.ts";
import { SPRING_HEADERS } from "../../protocol/spring-headers.ts";
import { contract } from "../project/app/contract.ts";
import { createRecordedLog } from "./log.ts";
import { createManualTime } from "../helpers/manual-time.ts";
import { memorySource, toRecord } from "./memory-source.ts";
import { REPLY_SECRET, sinksTo } from "./process.ts";
import { startReplyReceiver } from "./reply-receiver.ts";
import { newRequest } from "./requests.ts";

const DEADLINE_MS = 30_000;

/** A consumer whose first handler ignores its signal and ends when it is released; a second request of the same key follows. */
const setUp = async (toRecords: (a: number, now: number) => Parameters<typeof memorySource>[0][number]) => {
  const receiver = await startReplyReceiver({ secret: REPLY_SECRET });
  const time = createManualTime(Date.now());
  const source = memorySource([toRecords(0, time.now()), toRecords(1, time.now() + DEADLINE_MS)]);
  const produced: NewRecord[] = [];
  const stubborn = Promise.withResolvers<void>();
  const begun: number[] = [];
  const log = createRecordedLog();
  const consumer = startConsumer({
    contract: defineContract({ sum: contract.sum }),
    handlers: {
      async sum({ a }: { a: number }) {
        begun.push(a);
        if (a === 0) await stubborn.promise;
        return { sum: a };
      },
    },
    source,
    sinks: sinksTo(receiver, log),
    requesters: {
      requestTopics: new Map([["sum.requests", "sum"]]),
      replyTopics: new Set(["sum.replies"]),
      sink: replyTopicSink({
        log: createRecordedLog(),
        producer: {
          async produce(records) {
            produced.push(...records);
            return records.map(() => ({ topic: "sum.replies", partition: 0, offset: 0n }) as never);
          },
        },
      }),
    },
    log,
    concurrency: 2,
    replySource: "/consumer/test",
    time,
  });
  onTestFinished(async () => {
    stubborn.resolve();
    await consumer.drain(0);
    await receiver.close();
  });
  await expect.poll(() => begun).toEqual([0]);
  return { receiver, time, source, produced, begun, consumer, release: stubborn.resolve };
};

const asked = (a: number, now: number) => toRecord(newRequest({ data: { a, b: 0 }, orderingKey: "k", deadline: now + DEADLINE_MS }));

test("a handler's reply after the deadline follows the news that it has passed, and nothing was held back for it but its key", async () => {
  const { receiver, time, source, begun, release } = await setUp(asked);
  await time.elapse(DEADLINE_MS);
  await receiver.until(() => receiver.arrived.some(({ state }) => state === "expired"));
  await expect.poll(async () => (await time.elapse(200), source.commits)).toMatchObject([{ offset: 1 }]);
  expect(begun).toEqual([0]);
  release();
  await receiver.until(() => receiver.stored.size === 2);
  const [first] = receiver.arrived;
  expect(receiver.arrived.filter(({ correlationId }) => correlationId === first?.correlationId)).toMatchObject([
    { state: "processing" },
    { state: "expired" },
    { state: "succeeded", data: { sum: 0 } },
  ]);
});

test("a consumer that drains does not wait for a late reply", async () => {
  const { receiver, time, consumer } = await setUp(asked);
  await time.elapse(DEADLINE_MS);
  await receiver.until(() => receiver.arrived.some(({ state }) => state === "expired"));
  const drained = consumer.drain(0);
  await time.elapse(1);
  await drained;
  expect(receiver.arrived.map(({ state }) => state)).toEqual(["processing", "expired"]);
});

test("a requester on Kafka gets one reply only", async () => {
  const { time, produced, release } = await setUp((a, now) => ({
    topic: "sum.requests",
    key: "k",
    value: JSON.stringify({ a, b: 0 }),
    timestamp: now,
    headers: [
      { key: SPRING_HEADERS.correlationId, value: `request ${a}` },
      { key: SPRING_HEADERS.replyTopic, value: "sum.replies" },
    ],
  }));
  await time.elapse(DEADLINE_MS);
  await expect.poll(() => produced).toHaveLength(1);
  release();
  await expect.poll(() => produced).toHaveLength(2);
  expect(produced.map(({ value, headers = [] }) => [String(headers[0]?.[1]), value?.toString()])).toEqual([
    ["request 0", undefined],
    ["request 1", '{"sum":1}'],
  ]);
});
