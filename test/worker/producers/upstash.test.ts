import { describe, expect, test } from "vitest";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import { readWorkerConfig, createProducer } from "../../../worker/config.ts";
import { upstashProducer } from "../../../worker/producers/upstash.ts";
import { testEnv } from "../support/worker.ts";

const record = (value: string): ProducerRecord => ({ topic: "requests", key: "k", value, headers: [{ key: "a", value: "b" }] });
const produceTo = async (url: string, values: readonly string[], timeoutMs = 5_000) => {
  const producer = upstashProducer({ url, username: "u", password: "p" });
  return (await producer.produce(values.map(record), Date.now() + timeoutMs)).map(({ outcome }) => outcome);
};
const produce = (behaviour: string, values: readonly string[], timeoutMs?: number) =>
  produceTo(`${testEnv.FAULTY_PROXY_URL}/${behaviour}/${values.length}`, values, timeoutMs);

describe("producing through a proxy", () => {
  test("says where each record was stored, in their order", async () => {
    const producer = createProducer(readWorkerConfig(testEnv), testEnv);
    const outcomes = await producer.produce([record("1"), record("2")], Date.now() + 5_000);
    const offsets = outcomes.map((outcome) => (outcome.outcome === "stored" ? outcome.metadata.offset : outcome.detail));
    expect(offsets[1]).toBe(Number(offsets[0]) + 1);
  });

  test.each([
    ["unauthorized", "rejected"],
    ["redirect", "rejected"],
    ["refuse-bad-without-saying-which", "rejected"],
    ["unavailable", "unavailable"],
    ["throttled", "unavailable"],
    ["error", "unknown"],
    ["html-502", "unknown"],
    ["html-200", "unknown"],
    ["garbage", "unknown"],
    ["short", "unknown"],
    ["hang-up", "unknown"],
  ])("a proxy that is %s makes a record %s", async (behaviour, outcome) => {
    expect(await produce(behaviour, ["bad"])).toEqual([outcome]);
  });

  test("a proxy that never answers makes a record unknown at the deadline", async () => {
    expect(await produce("silent", ["a"], 100)).toEqual(["unknown"]);
  });

  test("a proxy that nobody listens for never makes a record accepted", async () => {
    expect(await produceTo(testEnv.CLOSED_PORT_URL, ["a"])).not.toContain("stored");
  });

  test("once the proxy is away, what was not sent is unavailable instead of unknown", async () => {
    const producer = upstashProducer({ url: testEnv.CLOSED_PORT_URL, username: "u", password: "p" });
    const produceOne = async () => (await producer.produce([record("a")], Date.now() + 5_000))[0]?.outcome;
    expect([await produceOne(), await produceOne(), await produceOne()]).toEqual(["unknown", "unavailable", "unavailable"]);
  });

  test("wrong credentials are rejected", async () => {
    expect(await produceTo(readWorkerConfig(testEnv).UPSTASH_KAFKA_REST_URL, ["a", "b"])).toEqual(["rejected", "rejected"]);
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
});
