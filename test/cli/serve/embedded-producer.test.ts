import { onTestFinished, expect, test } from "vitest";
import { embeddedProducer } from "../../../cli/serve/embedded-producer.ts";
import { parseCredential, type Credential } from "../../../gateway/credentials.ts";
import { GatewayError } from "../../../gateway/gateway-error.ts";
import { startGateway } from "../../../gateway/server.ts";
import { readRecord } from "../../../consumer/reading.ts";
import { MAX_RECORD_BYTES } from "../../../protocol/limits.ts";
import { encodeEvent, type ProducerRecord } from "../../../protocol/kafka-record.ts";
import { createRequestEvent } from "../../../protocol/request-event.ts";
import type { ProduceOutcome, Producer } from "../../../worker/producer.ts";
import { openEngine, SILENT_LOG } from "../../gateway/open-engine.ts";

/** A producer into a gateway in this process, really listening. */
const setUp = async () => {
  const engine = await openEngine({ topics: { requests: 3, other: 1 } });
  const credentials = [parseCredential("user:pw") as Credential];
  const gateway = await startGateway({ host: "127.0.0.1", port: 0, credentials }, { engine, log: SILENT_LOG });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= gateway.stop());
  onTestFinished(stop);
  const call = async (path: string, body: unknown): Promise<Response> =>
    fetch(gateway.url + path, { method: "POST", body: JSON.stringify(body), headers: { authorization: `Basic ${btoa("user:pw")}` } });
  return { gateway, producer: embeddedProducer({ gateway }), call, stop };
};

const record = (overrides: Partial<ProducerRecord> = {}): ProducerRecord => ({
  topic: "requests",
  key: "k",
  value: "v",
  headers: [],
  ...overrides,
});
const inFive = (): number => Date.now() + 5_000;
const outcomesOf = (outcomes: readonly ProduceOutcome[]): readonly string[] => outcomes.map(({ outcome }) => outcome);
const failing = (reason: unknown): Producer =>
  embeddedProducer({ gateway: { produce: () => Promise.reject(reason), engine: {} as never } });

test("says where each record was stored, and whoever reads the gateway gets it", async () => {
  const { producer, call } = await setUp();
  const [stored] = await producer.produce([record({ topic: "other", value: "one" })], inFive());
  expect(stored).toMatchObject({ outcome: "stored", metadata: { topic: "other", partition: 0, offset: 0 } });
  const fetched = await call("/fetch", { topic: "other", partition: 0, offset: 0 });
  expect(await fetched.json()).toMatchObject([{ topic: "other", offset: 0, key: "k", value: "one" }]);
});

test("a request arrives at the handler as it was accepted", async () => {
  const { producer, call } = await setUp();
  const request = {
    correlationId: "x".repeat(63),
    operation: "echo",
    source: "https://api.example",
    acceptedAt: 1_767_323_045_000,
    deadline: 1_767_323_075_000,
    data: { text: 'ü€😀 "\\\n', list: [1.5, null, true, { a: {} }] },
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    authtype: "unauthenticated",
    orderingKey: "kündë €😀",
  } as const;
  await producer.produce([{ topic: "other", key: request.orderingKey, ...encodeEvent(createRequestEvent(request)) }], inFive());
  const [read] = (await (await call("/fetch", { topic: "other", partition: 0, offset: 0 })).json()) as (Parameters<typeof readRecord>[0] & {
    key: string;
  })[];
  expect(read?.key).toBe(request.orderingKey);
  expect(read && readRecord(read)).toMatchObject({ kind: "request", request: { ...request, authid: undefined } });
});

test("what is wrong with one record keeps no other from being stored", async () => {
  const { producer } = await setUp();
  const outcomes = await producer.produce(
    [record(), record({ topic: "nope" }), record({ value: "x".repeat(MAX_RECORD_BYTES) }), record({ key: "\uD800" }), record()],
    inFive(),
  );
  expect(outcomesOf(outcomes)).toEqual(["stored", "rejected", "rejected", "rejected", "stored"]);
  expect(outcomes[1]).toMatchObject({ detail: 'There is no topic "nope".' });
});

test("records of one key keep their order", async () => {
  const { producer } = await setUp();
  const outcomes = await producer.produce([record(), record(), record()], inFive());
  const places = outcomes.map((outcome) => (outcome.outcome === "stored" ? outcome.metadata : undefined));
  expect(places.map((place) => place?.offset)).toEqual([0, 1, 2]);
  expect(new Set(places.map((place) => place?.partition)).size).toBe(1);
});

test("a log that is closed stores nothing, and the caller may come again", async () => {
  const { producer, stop } = await setUp();
  await stop();
  expect(outcomesOf(await producer.produce([record()], inFive()))).toEqual(["unavailable"]);
});

test("a request that comes too late is not stored", async () => {
  const { producer } = await setUp();
  expect(outcomesOf(await producer.produce([record()], Date.now()))).toEqual(["unavailable"]);
});

test.each([
  ["a disk that is full", new GatewayError(503, "The gateway could not write to its disk."), ["unavailable", "unavailable"]],
  ["too many calls", new GatewayError(429, "Too many."), ["unavailable", "unavailable"]],
  [
    "an engine that stored one of two",
    new GatewayError(500, "Some were stored.", { results: [{ index: 1, topic: "requests", partition: 0, offset: 7 }] }),
    ["unknown", "stored"],
  ],
  ["an error that nobody foresaw", new TypeError("oops"), ["unknown", "unknown"]],
])("%s: each record has the outcome that is certain", async (_, error, expected) => {
  expect(outcomesOf(await failing(error).produce([record(), record()], inFive()))).toEqual(expected);
});

test("asked whether requests can be produced, names each topic that is missing", async () => {
  const { producer, stop } = await setUp();
  expect(await producer.check(["requests"], inFive())).toEqual([]);
  expect(await producer.check(["requests", "nope"], inFive())).toEqual(["Topic nope does not exist. Add it to GATEWAY_TOPICS."]);
  await stop();
});

test("the records are counted as those that come over HTTP", async () => {
  const { producer, gateway } = await setUp();
  await producer.produce([record(), record()], inFive());
  const metrics = await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Basic ${btoa("user:pw")}` } });
  expect(await metrics.text()).toContain('rejoinder_gateway_records_produced_total{topic="requests"} 2');
});
