import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDelivery } from "../../consumer/delivery.ts";
import { createInFlightLimiter } from "../../consumer/in-flight-limiter.ts";
import { createReplies } from "../../consumer/replies.ts";
import type { ReturnAddress } from "../../consumer/return-address.ts";
import { replyTopicSink } from "../../consumer/sinks/reply-topic.ts";
import { createKafkaProducer, type KafkaProducer } from "../../kafka/producer.ts";
import { readRecords } from "../kafka/broker/round-trip.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { createTopic } from "../kafka/broker/topics.ts";
import { connectionTo } from "../kafka/connections.ts";
import { createRecordedLog } from "./log.ts";
import { describeSink, newReply, sendOnce } from "./sink-contract.ts";

kafkaSuite("a reply topic", ({ brokers }) => {
  let live: KafkaProducer;
  let nowhere: KafkaProducer;
  beforeAll(() => {
    live = createKafkaProducer(connectionTo(brokers));
    nowhere = createKafkaProducer(connectionTo(["127.0.0.1:1"]));
  });
  afterAll(() => Promise.all([live.close(), nowhere.close()]));

  const setUp = async (settings: Readonly<Record<string, string>> = {}) => {
    const topic = await createTopic(brokers, "replies", 1, settings);
    let producer = live;
    const log = createRecordedLog();
    return {
      log,
      sink: replyTopicSink({ producer: { produce: (records) => producer.produce(records) }, log }),
      returnTo: (correlationId: string): ReturnAddress => ({ topic, partition: 0, correlation: Buffer.from(correlationId), key: null }),
      /** The first record for a requester, as whoever waits takes the first. */
      async first(correlationId: string) {
        for (let count = 1; ; count += 1) {
          const record = (await readRecords(brokers, topic, count)).at(-1);
          const headers = new Map(record?.headerEntries.map(([name, value]) => [name.toString(), value.toString()]));
          if (headers.get("kafka_correlationId") === correlationId) return { headers, value: record?.value };
        }
      },
      async end() {
        producer = nowhere;
      },
    };
  };

  describe("as a sink", () => {
    describeSink(async () => ({
      ...(await setUp().then(({ first, ...stage }) => ({
        ...stage,
        stored: async (correlationId: string) => JSON.parse(String((await first(correlationId)).value)) as unknown,
      }))),
      findsDuplicates: false,
      kept: ({ data }) => data,
    }));
  });

  test("tells the requester of a reply that is larger than the topic takes, and the others get theirs", async () => {
    const { sink, log, returnTo, first } = await setUp({ "max.message.bytes": "2000" });
    const limiter = createInFlightLimiter({ maxRecords: Number.POSITIVE_INFINITY, maxBytes: 1_000_000 });
    const delivery = createDelivery({ sink, log, replies: createReplies({ source: "/consumer/test" }), limiter });
    const [large, small] = [newReply("x".repeat(3_000)), newReply("small")];
    const delivered = [large, small].map((reply) => delivery.deliver({ ...reply, returnTo: returnTo(reply.correlationId) }));
    expect(await Promise.all(delivered)).toEqual([true, true]);
    const told = await first(large.correlationId);
    expect(told.value).toBeUndefined();
    expect(JSON.parse(told.headers.get("rejoinder-problem") ?? "")).toMatchObject({ code: "REPLY_TOO_LARGE" });
    expect(String((await first(small.correlationId)).value)).toBe('"small"');
  });

  test("says that a reply is undeliverable whose partition is not there, and holds up no other", async () => {
    const { sink, returnTo } = await setUp();
    const [lost, kept] = [newReply(), newReply()];
    const elsewhere = { ...returnTo(lost.correlationId), partition: 99 };
    const attempt = await sendOnce(sink, { ...lost, returnTo: elsewhere }, { ...kept, returnTo: returnTo(kept.correlationId) });
    expect(attempt).toMatchObject({ kind: "answered", results: [{ outcome: "undeliverable" }, { outcome: "stored" }] });
  });
});
