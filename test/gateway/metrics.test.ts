import { expect, test } from "vitest";
import { type GatewayUnderTest, gatewayUnderTest } from "./gateway-under-test.ts";

const EARLIEST = { "kafka-auto-offset-reset": "earliest", "kafka-enable-auto-commit": "false" };

const readMetrics = async (gateway: GatewayUnderTest): Promise<string[]> => {
  const { status, headers, body } = await gateway.call("/metrics", { method: "GET", user: "prometheus:pw" });
  expect([status, headers.get("content-type")]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
  return String(body).split("\n");
};

const started = () => gatewayUnderTest({ credentials: ["full:pw", "prometheus:pw:monitor", "some:pw:full:oth*"] });

test("counts records, calls by route and status, what the log holds, and how far groups are behind", async () => {
  const gateway = await started();
  await gateway.call("/produce", { body: ["a", "b", "c"].map((value) => ({ topic: "other", value })) });
  await gateway.call("/produce/nope/x");
  await gateway.call("/consume/g/i/other", { headers: EARLIEST });
  await gateway.call("/commit/g/i", { body: { topic: "other", partition: 0, offset: 1 } });
  const metrics = await readMetrics(gateway);
  for (const line of [
    'rejoinder_gateway_records_produced_total{topic="other"} 3',
    'rejoinder_gateway_records_delivered_total{topic="other"} 3',
    'rejoinder_gateway_http_request_duration_seconds_count{route="produce",status="200"} 1',
    'rejoinder_gateway_http_request_duration_seconds_count{route="produce",status="404"} 1',
    'rejoinder_gateway_log_records{topic="other"} 3',
    'rejoinder_gateway_log_records{topic="numbers"} 0',
    'rejoinder_gateway_consumer_group_lag_records{group="g",topic="other",partition="0"} 2',
    'rejoinder_gateway_consumer_instances{group="g"} 1',
    "rejoinder_gateway_body_bytes 0",
    "rejoinder_gateway_answer_bytes 0",
    // This very call.
    "rejoinder_gateway_calls 1",
    "rejoinder_gateway_waiting_calls 0",
  ])
    expect(metrics).toContain(line);
  expect(metrics.find((line) => line.startsWith('rejoinder_gateway_log_bytes{topic="other"}'))).toMatch(/ [1-9]\d*$/);
});

test("says how many calls wait", async () => {
  const gateway = await started();
  const waiting = gateway.call("/consume/g/i/other?timeout=60000");
  await expect.poll(() => readMetrics(gateway)).toContain("rejoinder_gateway_waiting_calls 1");
  await gateway.call("/produce/other/x");
  await waiting;
  expect(await readMetrics(gateway)).toContain("rejoinder_gateway_waiting_calls 0");
});

test("lets callers add no labels of their own making", async () => {
  const gateway = await started();
  await gateway.call("/no/such/path");
  await gateway.call("/%00");
  expect((await readMetrics(gateway)).filter((line) => line.includes('_count{route="none"'))).toEqual([
    'rejoinder_gateway_http_request_duration_seconds_count{route="none",status="404"} 2',
  ]);
});

test("is for users with the scope monitor or full who may touch all topics, and monitor is for nothing else", async () => {
  const gateway = await started();
  expect((await gateway.call("/metrics", { method: "GET" })).status).toBe(200);
  expect((await gateway.call("/metrics", { method: "GET", user: "some:pw" })).status).toBe(403);
  expect((await gateway.call("/metrics", { method: "GET", user: "nobody:pw" })).status).toBe(401);
  for (const path of ["/produce/other/x", "/consume/g/i/other", "/consumers", "/fetch"])
    expect((await gateway.call(path, { method: "GET", user: "prometheus:pw" })).status).toBe(403);
});
