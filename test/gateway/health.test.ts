import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Registry } from "prom-client";
import { expect, onTestFinished, test } from "vitest";
import { systemTime } from "../../environment/time.ts";
import { createAuthenticator } from "../../gateway/credentials.ts";
import { createBudgets, DEFAULT_BUDGETS } from "../../gateway/budgets.ts";
import { createCors } from "../../gateway/http/cors.ts";
import { createListener } from "../../gateway/http/listener.ts";
import { createMetrics } from "../../gateway/metrics.ts";
import { gatewayUnderTest } from "./gateway-under-test.ts";
import { engineUnderTest } from "./open-engine.ts";

test("answers health without credentials", async () => {
  const gateway = await gatewayUnderTest();
  const response = await fetch(`${gateway.url}/health`);
  expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
});

test("is not healthy any more once it stops, and keeps no connection then", async () => {
  const budgets = createBudgets(DEFAULT_BUDGETS);
  const listener = createListener({
    engine: await engineUnderTest(),
    authenticator: createAuthenticator([]),
    cors: createCors([]),
    budgets,
    unreadTimeoutMs: 1000,
    metrics: createMetrics(new Registry(), budgets),
    onError: () => {},
    isStopping: () => true,
    time: systemTime,
  });
  const server = createServer(listener).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/health`);
  expect([response.status, await response.json()]).toEqual([503, { status: 503, error: "The gateway is stopping." }]);
  expect(response.headers.get("connection")).toBe("close");
});
