import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { kafkaSource } from "../../../consumer/sources/kafka.ts";
import { startConsumer } from "../../../consumer/start-consumer.ts";
import { defineContract } from "../../../contract/contract.ts";
import { operation } from "../../../contract/operation.ts";
import { systemTime, type Time } from "../../../environment/time.ts";
import { readDeadLetter } from "../../../protocol/dead-letter.ts";
import { RETRY_HEADERS } from "../../../protocol/retry-record.ts";
import { readRecords } from "../../kafka/broker/round-trip.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";
import { createTopic, createTopicAs, ownName } from "../../kafka/broker/topics.ts";
import { connectionTo } from "../../kafka/connections.ts";
import { produceAll, toBytes } from "../kafka-consumer.ts";
import { createRecordedLog } from "../log.ts";
import { memorySinks } from "../memory-sinks.ts";
import { newRequest, toWire } from "../requests.ts";
import { failing } from "./stage.ts";

const FASTER = 100;

/** A clock on which a minute takes 600 ms. */
const fastTime = (): Time => {
  const start = Date.now();
  return {
    ...systemTime,
    now: () => start + (Date.now() - start) * FASTER,
    setTimeout: (callback, milliseconds) => systemTime.setTimeout(callback, milliseconds / FASTER),
  };
};

kafkaSuite("a retry topic on Kafka", ({ brokers }) => {
  test("holds requests byte for byte until they are due, while their key goes on, and they end in their own topic's dead letters", async () => {
    const topic = await createTopic(brokers, "retried", 1);
    await createTopicAs(brokers, `${topic}-retry`, 3);
    await createTopicAs(brokers, `${topic}-dlt`, 1);
    const retry = { attempts: 3, firstSeconds: 60, maxSeconds: 60, on: "any", order: "give-up" } as const;
    const contract = defineContract({
      work: operation({ request: z.string(), reply: z.string(), topic, deadlineSeconds: 36_000, retry }),
    });
    const { begun, work } = failing({ a: 1, b: 9 });
    const group = ownName("retrying");
    const open = (group: string, topics: readonly string[]) =>
      kafkaSource({
        connection: connectionTo(brokers),
        group,
        instance: "one",
        topics,
        log: createRecordedLog(),
        heartbeatIntervalMs: 200,
      });
    const sinks = memorySinks();
    const consumer = startConsumer({
      contract,
      handlers: { work },
      source: open(group, [topic]),
      retrySource: open(`${group}-retry`, [`${topic}-retry`]),
      sinks,
      log: createRecordedLog(),
      concurrency: 8,
      replySource: "/consumer/test",
      time: fastTime(),
      random: () => 1,
    });
    onTestFinished(() => consumer.drain(0));
    await consumer.ready;

    const raw = { key: "raw", value: Buffer.from([0xff, 0x00]) };
    const requests = ["a", "b", "c"].map((data) => newRequest({ operation: "work", data, deadline: Date.now() + 36_000_000 }));
    const records = requests.map((request) => {
      const record = toBytes({ ...toWire(request), topic, key: "k" });
      return { ...record, headers: [...(record.headers ?? []), [Buffer.from(raw.key), raw.value] as const] };
    });
    await produceAll(brokers, records);
    const isEnded = (request: (typeof requests)[number]) => ["succeeded", "failed"].includes(sinks.lastOf(request)?.state ?? "");
    await expect.poll(() => requests.every(isEnded), { timeout: 30_000 }).toBe(true);

    expect(requests.map((request) => sinks.lastOf(request)?.state)).toEqual(["succeeded", "failed", "succeeded"]);
    expect(begun.slice(0, 3)).toEqual(["a1", "b1", "c1"]);
    expect(begun.slice(3).toSorted()).toEqual(["a2", "b2", "b3"]);

    const waiting = await readRecords(brokers, `${topic}-retry`, 3);
    const attempts = waiting.map(({ headerEntries }) =>
      String(headerEntries.find(([name]) => String(name) === RETRY_HEADERS.attempt)?.[1]),
    );
    expect(attempts).toEqual(["2", "2", "3"]);
    for (const { key, value, headerEntries } of waiting) {
      const record = records.find((candidate) => candidate.value?.equals(value) === true);
      expect(String(key)).toBe("k");
      expect(headerEntries.slice(0, record?.headers.length)).toEqual(record?.headers);
    }

    const [letter] = await readRecords(brokers, `${topic}-dlt`, 1);
    const headers = (letter?.headerEntries ?? []).map(([name, value]) => ({ key: String(name), value }));
    expect(letter?.value).toEqual(records[1]?.value);
    expect(readDeadLetter({ headers })).toMatchObject({
      origin: { topic, partition: 0, offset: 1 },
      reason: { correlationId: requests[1]?.correlationId, attempts: 3, code: "HANDLER_FAILED" },
      headers: records[1]?.headers.map(([name, value]) => ({ key: String(name), value })),
    });
  });
});
