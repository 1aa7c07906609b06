import { describe, expect, test } from "vitest";
import type { ProduceOutcome } from "../../../worker/producer.ts";
import { createProducer, readProducerConfig } from "../../../worker/producer-config.ts";
import { testEnv } from "../support/worker.ts";
import { newRequest, recordOf } from "./producer-contract.ts";

// The proxy that KAFKA_REST_KIND and KAFKA_REST_URL name, with the topic KAFKA_REST_TOPIC; else a gateway that was started for the tests.
const live = JSON.parse(testEnv.LIVE_PROXY) as Record<string, string>;
const kafkaRest = readProducerConfig(live["KAFKA_REST_URL"] === undefined ? { ...testEnv } : live, {});
const topic = live["KAFKA_REST_TOPIC"] ?? "requests";

const open = () => createProducer({ kafkaRest }, {});
const records = (count: number, data: unknown = { text: "ü€😀" }) =>
  Array.from({ length: count }, () => ({ ...recordOf(newRequest({ data, orderingKey: "kündë" })), topic }));
const placesOf = (outcomes: readonly ProduceOutcome[]) =>
  outcomes.map((outcome) => (outcome.outcome === "stored" ? outcome.metadata : outcome.detail));

describe(`a real ${kafkaRest.kind} proxy`, () => {
  test("is found to be the one that is configured, with its topic and without one that is missing", async () => {
    expect(await open().check([topic], Date.now() + 15_000)).toEqual([]);
    expect(await open().check([topic, "nope"], Date.now() + 15_000)).toEqual([expect.stringMatching(/^Topic nope does not exist/)]);
  });

  test("stores as many records in a call as the driver allows, those of a key in their order", async () => {
    const { limits, produce } = open();
    const places = placesOf(await produce(records(limits.maxBatchRecords), Date.now() + 10_000));
    const first = places[0] as { partition: number; offset: number };
    expect(places).toEqual(places.map((_, index) => ({ topic, partition: first.partition, offset: first.offset + index })));
  });

  test("stores as many bytes in a call as the driver allows", async () => {
    const { limits, produce } = open();
    const count = Math.min(4, limits.maxBatchRecords);
    const full = records(count, "x".repeat(limits.maxBatchBytes / count - 1_024));
    expect(placesOf(await produce(full, Date.now() + 10_000))).toEqual(full.map(() => expect.objectContaining({ topic })));
  });

  test("stores nothing in a topic that is not there", async () => {
    const outcomes = await open().produce([{ ...recordOf(newRequest()), topic: "nope" }], Date.now() + 2_000);
    expect(outcomes.map(({ outcome }) => outcome)).not.toContain("stored");
  });

  test("stores what has headers without values", async () => {
    expect(placesOf(await open().produce([{ ...recordOf(newRequest({ orderingKey: "" })), topic }], Date.now() + 5_000))).toEqual([
      expect.objectContaining({ topic }),
    ]);
  });
});
