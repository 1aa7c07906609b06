import { describe, expect, test } from "vitest";
import { encodeEvent, type ProducerRecord } from "../../protocol/kafka-record.ts";
import { createRequestEvent, type RequestEvent } from "../../protocol/request-event.ts";
import type { ProduceOutcome, Producer } from "../../worker/producer.ts";

/** The record that the Worker makes of a request. */
export const recordOf = (request: RequestEvent): ProducerRecord => ({
  topic: "requests",
  ...(request.orderingKey === undefined ? {} : { key: request.orderingKey }),
  ...encodeEvent(createRequestEvent(request)),
});

export const newRequest = (overrides: Partial<RequestEvent> = {}): RequestEvent => ({
  correlationId: crypto.randomUUID().replaceAll("-", "").padEnd(63, "x"),
  operation: "echo",
  source: "https://api.example",
  acceptedAt: 1_767_323_045_000,
  deadline: 1_767_323_075_000,
  data: { text: "ok" },
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  authtype: "unauthenticated",
  authid: undefined,
  orderingKey: undefined,
  ...overrides,
});

export type LiveProducer = {
  /** What is produced to or through. */
  readonly name: string;
  open(): Producer;
  /** A topic that is there. */
  topic(): Promise<string>;
};

/** What every producer does with a real Kafka behind it. */
export const describeLiveProducer = ({ name, open, topic: provideTopic }: LiveProducer): void => {
  const records = (topic: string, count: number, data: unknown = { text: "ü€😀" }) =>
    Array.from({ length: count }, () => ({ ...recordOf(newRequest({ data, orderingKey: "kündë" })), topic }));
  const placesOf = (outcomes: readonly ProduceOutcome[]) =>
    outcomes.map((outcome) => (outcome.outcome === "stored" ? outcome.metadata : outcome.detail));

  describe(name, () => {
    test("is found to be the one that is configured, with its topic and without one that is missing", async () => {
      const topic = await provideTopic();
      expect(await open().check([topic], Date.now() + 15_000)).toEqual([]);
      expect(await open().check([topic, "nope"], Date.now() + 15_000)).toEqual([expect.stringMatching(/^Topic nope does not exist/)]);
    });

    test("stores as many records in a call as the driver allows, those of a key in their order", async () => {
      const topic = await provideTopic();
      const { limits, produce } = open();
      const places = placesOf(await produce(records(topic, limits.maxBatchRecords), Date.now() + 10_000));
      const first = places[0] as { partition: number; offset: number };
      expect(places).toMatchObject(places.map((_, index) => ({ topic, partition: first.partition, offset: first.offset + index })));
    });

    test("stores as many bytes in a call as the driver allows", async () => {
      const topic = await provideTopic();
      const { limits, produce } = open();
      const count = Math.min(4, limits.maxBatchRecords);
      const full = records(topic, count, "x".repeat(limits.maxBatchBytes / count - 1_024));
      expect(placesOf(await produce(full, Date.now() + 10_000))).toEqual(full.map(() => expect.objectContaining({ topic })));
    });

    test("stores nothing in a topic that is not there", async () => {
      const outcomes = await open().produce([{ ...recordOf(newRequest()), topic: "nope" }], Date.now() + 2_000);
      expect(outcomes.map(({ outcome }) => outcome)).not.toContain("stored");
    });

    test("stores what has headers without values", async () => {
      const record = { ...recordOf(newRequest({ orderingKey: "" })), topic: await provideTopic() };
      expect(placesOf(await open().produce([record], Date.now() + 5_000))).toEqual([expect.objectContaining({ topic: record.topic })]);
    });
  });
};
