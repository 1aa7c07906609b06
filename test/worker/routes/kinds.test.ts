import { expect, test } from "vitest";
import { openExchange } from "../producers/producer-contract.ts";
import { host } from "../hosts/cloudflare/test-host.ts";

const credentials = { KAFKA_REST_USERNAME: "tester", KAFKA_REST_PASSWORD: "secret" };

test.each([
  ["confluent", "confluent-v3", { KAFKA_REST_CLUSTER_ID: "lkc-1" }],
  ["strimzi", "strimzi", {}],
  ["rest-v2", "karapace", {}],
])("a request is accepted through a proxy of kind %s, once", async (kind, recording, variablesOfKind) => {
  const { url, sent } = openExchange(recording, "stored-alone");
  const variables = { KAFKA_REST_KIND: kind, KAFKA_REST_URL: url, ...credentials, ...variablesOfKind };
  const response = await host.callOther({ variables }, "/requests/sum", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"a":2,"b":3}',
  });
  expect(response.status).toBe(202);
  const id = response.headers.get("location")?.replace("/status/", "");
  const [[record, ...more] = []] = await sent();
  expect(more).toEqual([]);
  expect(record).toMatchObject({ topic: "requests", key: null });
  expect(JSON.stringify(record)).toContain(id);
});
