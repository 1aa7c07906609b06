import { expect, test } from "vitest";
import { handshakeHeaders, HELLO } from "../../support/links.ts";
import { WebSocket } from "ws";
import { openHost, postSum } from "./open-host.ts";

test("the metrics tell requests by route and status, waits, links, what became of records, and the process itself", async () => {
  const host = await openHost({ variables: { METRICS_PORT: "0" } });
  await postSum(host.url);
  await fetch(`${host.url}/status/nothing`);
  await fetch(`${host.url}/nowhere/secret`);
  const link = new WebSocket(`${host.url}/link/0`, { headers: await handshakeHeaders() });
  await new Promise((resolve) => link.on("open", resolve));
  link.send(JSON.stringify(HELLO));
  const response = await fetch(String(host.metricsUrl));
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0.0.4/);
  const text = await response.text();
  for (const line of [
    'rejoinder_worker_http_request_duration_seconds_count{route="/requests/",status="202"} 1',
    'rejoinder_worker_http_request_duration_seconds_count{route="/status/",status="404"} 1',
    'rejoinder_worker_http_request_duration_seconds_count{route="other",status="404"} 1',
    'rejoinder_worker_produced_total{outcome="stored"} 1',
    'rejoinder_worker_replies_total{outcome="stored"} 0',
    "rejoinder_worker_waits 0",
    "rejoinder_worker_links 1",
  ])
    expect(text).toContain(`${line}\n`);
  expect(text).toMatch(/^rejoinder_worker_storage_bytes [1-9]\d*$/m);
  expect(text).toMatch(/^process_cpu_seconds_total /m);
  expect(text).not.toContain("secret");
});

test("the metrics are on a port of their own, and only where one is asked for", async () => {
  const without = await openHost();
  expect(without.metricsUrl).toBeUndefined();
  const host = await openHost({ variables: { METRICS_PORT: "0" } });
  expect(new URL(String(host.metricsUrl)).hostname).toBe("127.0.0.1");
  expect((await fetch(`${host.url}/metrics`)).status).toBe(404);
  expect((await fetch(String(host.metricsUrl).replace("/metrics", "/health"))).status).toBe(404);
});
