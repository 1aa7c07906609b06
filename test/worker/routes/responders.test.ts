import { expect, test } from "vitest";
import { z } from "zod";
import { defineContract } from "../../../contract/contract.ts";
import { operation } from "../../../contract/operation.ts";
import { createApp } from "../../../worker/app.ts";
import { createProducer, readProducerConfig } from "../../../worker/producer-config.ts";
import { directPublisher } from "../../../worker/request-publisher.ts";
import { kvStore } from "../../../worker/stores/kv.ts";
import { openExchange } from "../producers/producer-contract.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { idsAt, testEnv } from "../support/worker.ts";

const price = operation({
  request: z.strictObject({ product: z.string() }),
  reply: z.strictObject({ price: z.number() }),
  orderingKey: ({ product }) => product,
  responder: { headers: "spring", requestTopic: "price.requests", replyTopic: "price.replies" },
});
const contract = defineContract({ price });

/** A Worker of that contract, before a proxy that stores all, at a time that the test sets. */
const openWorker = (kind: string, recording: string, more: Record<string, string> = {}) => {
  const { url, sent } = openExchange(recording, "stored-alone");
  const proxy = { KAFKA_REST_KIND: kind, KAFKA_REST_URL: url, KAFKA_REST_USERNAME: "tester", KAFKA_REST_PASSWORD: "secret", ...more };
  let time = Date.now();
  const now = () => time;
  const publisher = directPublisher({
    producer: createProducer({ kafkaRest: readProducerConfig({ ...testEnv, ...proxy }, contract) }, {}),
    now,
  });
  const statuses = kvStore({ kv: host.keyValues, now });
  const app = createApp({
    contract,
    ids: idsAt(now),
    publisher,
    statuses,
    shards: 1,
    source: "/worker",
    corsOrigins: [],
    replySecrets: [],
    now,
  });
  const headers = { "content-type": "application/json" };
  return {
    sent,
    send: () => app.request("/requests/price", { method: "POST", headers, body: '{"product":"bolt"}' }),
    status: async (path: string) => (await app.request(path)).json<Record<string, unknown>>(),
    advance: (seconds: number) => void (time += seconds * 1_000),
  };
};

test.each([
  ["strimzi", "strimzi", {}],
  ["confluent", "confluent-v3", { KAFKA_REST_CLUSTER_ID: "lkc-1" }],
])("a request to a responder carries Spring's headers through a proxy of kind %s", async (kind, recording, more) => {
  const { send, sent } = openWorker(kind, recording, more);
  const response = await send();
  expect(response.status).toBe(202);
  const id = response.headers.get("location")?.replace("/status/", "");
  const [[record] = []] = await sent();
  expect(record).toMatchObject({ topic: "price.requests", key: "bolt", value: '{"product":"bolt"}' });
  const headers = new Map(record?.headers.map(({ key, value }) => [key, value]));
  expect(headers.get("kafka_correlationId")).toBe(id);
  expect(headers.has("ce_dataschema")).toBe(false);
  expect(headers.get("kafka_replyTopic")).toBe("price.replies");
  expect(headers.get("ce_type")).toBe("price");
});

test("a request to a responder that stays silent ends as expired", async () => {
  const { send, status, advance } = openWorker("strimzi", "strimzi");
  const path = (await send()).headers.get("location") ?? "";
  expect(await status(path)).toMatchObject({ state: "accepted" });
  advance(30 + 121);
  expect(await status(path)).toMatchObject({ state: "expired", error: { code: "DEADLINE_EXCEEDED" } });
});

test("a proxy that carries no headers is refused for a contract with responders, and which would do", () => {
  expect(() => openWorker("rest-v2", "karapace")).toThrow(
    "KAFKA_REST_KIND: Expected one of upstash, confluent, strimzi: the responders of price are sent headers, and its API has none.",
  );
});
