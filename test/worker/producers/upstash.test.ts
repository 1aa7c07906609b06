import { describe, expect, test } from "vitest";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import { contract } from "../../project/app/contract.ts";
import { createProducer, readProducerConfig } from "../../../worker/producer-config.ts";
import { upstashProducer } from "../../../worker/producers/upstash.ts";
import { testEnv } from "../support/worker.ts";
import { describeProducer, openExchange } from "./producer-contract.ts";

const record = (value: string): ProducerRecord => ({ topic: "requests", key: "k", value, headers: [{ key: "a", value: "b" }] });
const produceTo = async (url: string, values: readonly string[], timeoutMs = 5_000) => {
  const producer = upstashProducer({ url, username: "u", password: "p" });
  return (await producer.produce(values.map(record), Date.now() + timeoutMs)).map(({ outcome }) => outcome);
};
const produce = (behaviour: string, values: readonly string[], timeoutMs?: number) =>
  produceTo(`${testEnv.FAULTY_PROXY_URL}/${behaviour}/${values.length}`, values, timeoutMs);

describe("producing over the Upstash wire", () => {
  describeProducer({
    recording: "upstash",
    open: (url, password = "secret") => upstashProducer({ url, username: "tester", password }),
    exchanges: {
      stored: ["stored", "stored", "stored"],
      "one-left-out": ["unknown", "unknown"],
      "no-topic": ["rejected"],
      malformed: ["rejected", "rejected"],
      "forbidden-topic": ["rejected"],
      "stored-in-part": ["stored", "unavailable"],
      throttled: ["unavailable"],
      unavailable: ["unavailable"],
    },
  });
});

describe("producing through a proxy", () => {
  test("says where each record was stored, in their order", async () => {
    const producer = createProducer({ kafkaRest: readProducerConfig({ ...testEnv }, contract) }, testEnv);
    const outcomes = await producer.produce([record("1"), record("2")], Date.now() + 5_000);
    const offsets = outcomes.map((outcome) => (outcome.outcome === "stored" ? outcome.metadata?.offset : outcome.detail));
    expect(offsets[1]).toBe(Number(offsets[0]) + 1);
  });

  test("wrong credentials are rejected", async () => {
    expect(await produceTo(testEnv.UPSTASH_KAFKA_REST_URL, ["a", "b"])).toEqual(["rejected", "rejected"]);
  });

  test("one bad record of a batch does not take the others with it", async () => {
    expect(await produce("refuse-bad", ["a", "bad", "c"])).toEqual(["stored", "rejected", "stored"]);
    expect(await produce("refuse-bad-without-saying-which", ["a", "bad", "c"])).toEqual(["stored", "rejected", "stored"]);
    expect(await produce("error-in-part", ["a", "bad", "c"])).toEqual(["stored", "unavailable", "stored"]);
  });

  test("a whole batch is refused once, not once a record, when it is the caller who is refused", async () => {
    expect(await produce("unauthorized", ["a", "b", "c", "d"])).toEqual(Array.from({ length: 4 }, () => "rejected"));
    const calls = await fetch(`${testEnv.FAULTY_PROXY_URL}/unauthorized/4/calls`);
    expect(await calls.json()).toBe(1);
  });

  test("a topic that is not there does not take the records of others with it", async () => {
    const records = ["a", "b", "c"].map((value) => ({ ...record(value), topic: value === "b" ? "nope" : "requests" }));
    const outcomes = await createProducer({ kafkaRest: readProducerConfig({ ...testEnv }, contract) }, testEnv).produce(
      records,
      Date.now() + 5_000,
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["stored", "rejected", "stored"]);
  });

  test("nor does it where the answer does not name it", async () => {
    const { url } = openExchange("upstash", "no-topic-unnamed");
    const records = ["a", '"bad"', "c"].map((value) => ({ ...record(value), topic: value === "a" ? "requests" : "nope" }));
    const producer = upstashProducer({ url, username: "tester", password: "secret" });
    expect((await producer.produce(records, Date.now() + 5_000)).map(({ outcome }) => outcome)).toEqual(["stored", "rejected", "stored"]);
  });
});
