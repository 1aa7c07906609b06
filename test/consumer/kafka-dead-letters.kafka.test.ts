import { expect, test } from "vitest";
import type { NewRecord } from "../../kafka/pending-record.ts";
import { readRecords } from "../kafka/broker/round-trip.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { createTopic, createTopicAs } from "../kafka/broker/topics.ts";
import { createKafkaConsumerStage, produceAll, toRecords } from "./kafka-consumer.ts";
import { newRequest } from "./requests.ts";

const invalidUtf8 = Buffer.from([0xc3, 0x28, 0xff, 0x00]);

/** What other systems may put into the topic. */
const FOREIGN: readonly Omit<NewRecord, "topic">[] = [
  { key: Buffer.from("tombstone") },
  { key: invalidUtf8, value: Buffer.from("{}") },
  { key: Buffer.from("k"), value: invalidUtf8, headers: [[Buffer.from("raw"), invalidUtf8]] },
  { value: Buffer.from("not an event"), headers: [[Buffer.from("null"), null]] },
  { key: Buffer.alloc(0), value: Buffer.alloc(0), headers: [[Buffer.from("empty"), Buffer.alloc(0)]] },
  {
    value: Buffer.from("x"),
    headers: Array.from({ length: 1_000 }, (_, index) => [Buffer.from(`h${index % 500}`), Buffer.from([index % 256])]),
  },
];

kafkaSuite("records of other systems", ({ brokers }) => {
  test("become dead letters byte for byte, with the reason, and a request behind them is answered", async () => {
    const topic = await createTopic(brokers, "foreign", 1);
    await createTopicAs(brokers, `${topic}-dlt`, 1);
    const { start, receiver } = await createKafkaConsumerStage(brokers, topic);
    const request = newRequest();
    const places = await produceAll(brokers, [...FOREIGN.map((record) => ({ ...record, topic })), ...toRecords(topic, [request])]);
    await start("one", ({ a, b }) => ({ sum: a + b })).ready;
    await receiver.until(() => receiver.stored.has(request.correlationId));
    const letters = await readRecords(brokers, `${topic}-dlt`, FOREIGN.length);
    const inOrder = letters.toSorted((one, other) => Number(headerOf(one, "offset")) - Number(headerOf(other, "offset")));
    expect(inOrder.map(({ key, value }) => ({ key: key ?? undefined, value: value ?? undefined }))).toEqual(
      FOREIGN.map(({ key, value }) => ({ key, value })),
    );
    for (const [index, { headerEntries }] of inOrder.entries()) {
      const { headers = [] } = FOREIGN[index] as NewRecord;
      expect(headerEntries.slice(0, headers.length).map(([name, value]) => [name, value ?? null])).toEqual(headers);
      expect(headerEntries.slice(headers.length).map(([name, value]) => [String(name), String(value)])).toEqual([
        ["kafka_dlt-original-topic", topic],
        ["kafka_dlt-original-partition", "0"],
        ["kafka_dlt-original-offset", String(places[index]?.offset)],
        ["kafka_dlt-original-timestamp", expect.stringMatching(/^\d{13}$/)],
        ["kafka_dlt-original-timestamp-type", "CreateTime"],
        ["kafka_dlt-original-consumer-group", expect.stringMatching(/^consumers/)],
        ["kafka_dlt-exception-fqcn", "RejoinderError"],
        ["kafka_dlt-exception-message", expect.stringMatching(/^Expected /)],
        ["rejoinder-code", "INVALID_RECORD"],
        ["rejoinder-attempts", "0"],
        ["rejoinder-failed-at", expect.stringMatching(/Z$/)],
      ]);
    }
  });
});

const headerOf = ({ headerEntries }: { readonly headerEntries: readonly (readonly [Buffer, Buffer])[] }, name: string): string =>
  String(headerEntries.find(([header]) => String(header) === `kafka_dlt-original-${name}`)?.[1]);
