import { expect, onTestFinished, test } from "vitest";
import { kafkaSource } from "../../consumer/sources/kafka.ts";
import { replyTopicSink } from "../../consumer/sinks/reply-topic.ts";
import { OperationError } from "../../consumer/handler.ts";
import { startConsumer } from "../../consumer/start-consumer.ts";
import { defineContract } from "../../contract/contract.ts";
import { contract } from "../project/app/contract.ts";
import type { NewRecord } from "../../kafka/pending-record.ts";
import { createKafkaProducer } from "../../kafka/producer.ts";
import { readRecords } from "../kafka/broker/round-trip.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { createTopic, createTopicAs, ownName } from "../kafka/broker/topics.ts";
import { connectionTo } from "../kafka/connections.ts";
import { produceAll } from "./kafka-consumer.ts";
import { createRecordedLog } from "./log.ts";
import { sinksTo } from "./process.ts";

const SPRING_CORRELATION = Buffer.from("6debcbe3108a47e8a52c79cd0df5dc14", "hex");
const TRACEPARENT = Buffer.from("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
const INT32_3 = Buffer.from([0, 0, 0, 3]);

const TOO_LARGE = 1_000;

kafkaSuite("requesters on Kafka", ({ brokers }) => {
  const setUp = async () => {
    const requests = await createTopic(brokers, "sum.requests", 1);
    const replies = await createTopic(brokers, "sum.replies", 4);
    await createTopicAs(brokers, `${requests}-dlt`, 1);
    const producer = createKafkaProducer(connectionTo(brokers));
    const log = createRecordedLog();

    const consumer = startConsumer({
      contract: defineContract({ sum: contract.sum, echo: contract.echo }),
      handlers: {
        sum({ a, b }: { a: number; b: number }) {
          if (a + b > TOO_LARGE) throw new OperationError(422, "SUM_OUT_OF_RANGE", "Too much.");
          return { sum: a + b };
        },
      },
      source: kafkaSource({ connection: connectionTo(brokers), group: ownName("consumers"), instance: "one", topics: [requests], log }),
      // Nobody is there: requesters on Kafka do not need a Worker.
      sinks: sinksTo({ url: "http://127.0.0.1:1" }, log),
      requesters: {
        requestTopics: new Map([[requests, "sum"]]),
        replyTopics: new Set([replies]),
        sink: replyTopicSink({ producer, log }),
      },
      log,
      concurrency: 8,
      replySource: "/consumer/test",
    });
    onTestFinished(async () => {
      await consumer.drain(0);
      await producer.close();
    });
    await consumer.ready;
    const ask = (value: unknown, more: Readonly<Record<string, Buffer>>, record: Partial<NewRecord> = {}): NewRecord => {
      const headers = Object.entries({ kafka_replyTopic: Buffer.from(replies), ...more });
      const named = headers.map(([name, content]) => [Buffer.from(name), content] as const);
      return { topic: requests, value: Buffer.from(JSON.stringify(value)), headers: named, ...record };
    };
    const readReplies = async (topic: string, count: number) =>
      (await readRecords(brokers, topic, count)).map(({ key: itsKey, value, partition, headerEntries }) => ({
        key: itsKey?.toString(),
        value: value?.toString(),
        partition,
        headers: Object.fromEntries(headerEntries.map(([name, content]) => [name.toString(), content])),
      }));
    return { requests, replies, log, ask, readReplies, send: (records: readonly NewRecord[]) => produceAll(brokers, records) };
  };

  test("get their reply where and by what they asked for it, Spring by bytes and Nest by text", async () => {
    const { replies, ask, readReplies, send } = await setUp();
    const nest = Buffer.from("b7a4f-1");
    await send([
      ask({ a: 2, b: 3 }, { kafka_correlationId: SPRING_CORRELATION, kafka_replyPartition: INT32_3, __TypeId__: Buffer.from("x") }),
      ask({ a: 2, b: 4 }, { kafka_correlationId: nest, kafka_replyPartition: Buffer.from("1") }),
      ask({ a: 2, b: 5 }, { kafka_correlationId: Buffer.from("free"), traceparent: TRACEPARENT }, { key: Buffer.from("order-7") }),
    ]);
    const found = await readReplies(replies, 3);
    expect(found.find(({ value }) => value === '{"sum":5}')).toEqual({
      key: undefined,
      value: '{"sum":5}',
      partition: 3,
      headers: { kafka_correlationId: SPRING_CORRELATION },
    });
    expect(found.find(({ value }) => value === '{"sum":6}')).toMatchObject({
      partition: 1,
      headers: { kafka_correlationId: nest, "kafka_nest-is-disposed": expect.any(Buffer) },
    });
    expect(found.find(({ value }) => value === '{"sum":7}')).toMatchObject({ key: "order-7", headers: { traceparent: TRACEPARENT } });
  });

  test("are told what went wrong in a header, and get no value", async () => {
    const { replies, ask, readReplies, send } = await setUp();
    await send([
      ask({ a: TOO_LARGE, b: 1 }, { kafka_correlationId: SPRING_CORRELATION }),
      ask({ a: "two" }, { kafka_correlationId: Buffer.from("invalid") }),
      ask(0, { kafka_correlationId: Buffer.from("broken") }, { value: Buffer.from('{"a":') }),
      ask({ a: 1, b: 1 }, { kafka_correlationId: Buffer.from("late") }, { timestampMs: Date.now() - 60_000 }),
    ]);
    const found = await readReplies(replies, 4);
    const problems = found.map(({ value, headers }) => {
      const { "rejoinder-problem": problem, "kafka_nest-err": nest, kafka_correlationId: id } = headers;
      expect(value).toBeUndefined();
      expect(nest).toEqual(id?.equals(SPRING_CORRELATION) === true ? undefined : problem);
      return (JSON.parse(String(problem)) as { code: string }).code;
    });
    expect(problems.toSorted()).toEqual(["DEADLINE_EXCEEDED", "INVALID_RECORD", "INVALID_REQUEST", "SUM_OUT_OF_RANGE"]);
  });

  test("cannot have a reply put anywhere else, and one that waits at no partition holds up nobody", async () => {
    const { requests, replies, log, ask, readReplies, send } = await setUp();
    const correlation = { kafka_correlationId: SPRING_CORRELATION };
    await send([
      ask({ a: 1, b: 1 }, { ...correlation, kafka_replyTopic: Buffer.from(requests) }),
      ask({ a: 1, b: 2 }, {}),
      ask({ a: 1, b: 3 }, { ...correlation, kafka_replyPartition: Buffer.from("99") }),
      ask({ a: 1, b: 4 }, correlation),
    ]);
    expect(await readReplies(replies, 1)).toMatchObject([{ value: '{"sum":5}' }]);
    const letters = await readReplies(`${requests}-dlt`, 2);
    expect(letters.map(({ headers }) => String(headers["kafka_dlt-exception-message"])).toSorted()).toEqual([
      expect.stringMatching(/^Expected a CloudEvent/),
      expect.stringMatching(/^Expected header kafka_replyTopic to be one of REPLY_TOPICS/),
    ]);
    expect(letters[0]?.headers).toHaveProperty("kafka_replyTopic");
    await expect
      .poll(() => log.lines)
      .toContainEqual(expect.objectContaining({ level: "error", msg: "a reply cannot be produced", partition: 99 }));
  });
});
