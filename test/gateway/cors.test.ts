import { expect, test } from "vitest";
import { type GatewayUnderTest, gatewayUnderTest } from "./gateway-under-test.ts";

const PAGE = "https://app.example";

const preflight = (gateway: GatewayUnderTest, origin: string) =>
  fetch(`${gateway.url}/consume/g/i`, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization,kafka-auto-offset-reset" },
  });

test("answers the question of a browser whether a page may call, without credentials and for two hours", async () => {
  const gateway = await gatewayUnderTest({ corsOrigins: [PAGE] });
  const response = await preflight(gateway, PAGE);
  expect(response.status).toBe(204);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "access-control-allow-origin": PAGE,
    "access-control-allow-methods": "GET, POST, DELETE",
    "access-control-allow-headers": "authorization,kafka-auto-offset-reset",
    "access-control-max-age": "7200",
    vary: "Origin",
  });
  expect(response.headers.get("access-control-allow-credentials")).toBeNull();
});

test("lets the page read answers and errors alike", async () => {
  const gateway = await gatewayUnderTest({ corsOrigins: [PAGE] });
  for (const [user, status] of [["full:pw", 200] as const, ["full:wrong", 401] as const]) {
    const reply = await gateway.call("/topics", { method: "GET", user, headers: { origin: PAGE } });
    expect(reply.status).toBe(status);
    expect(reply.headers.get("access-control-allow-origin")).toBe(PAGE);
    expect(reply.headers.get("access-control-expose-headers")).toBe("Retry-After");
  }
});

test("lets every page call with *", async () => {
  const gateway = await gatewayUnderTest({ corsOrigins: ["*"] });
  expect((await preflight(gateway, "https://anywhere.example")).headers.get("access-control-allow-origin")).toBe("*");
});

test.each([[[]], [[PAGE]]])("says nothing to pages of other origins when %j may call", async (corsOrigins) => {
  const gateway = await gatewayUnderTest({ corsOrigins });
  const response = await preflight(gateway, "https://evil.example");
  expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
});
