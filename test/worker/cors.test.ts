import { expect, test } from "vitest";
import { call, post } from "./support/worker.ts";

test("a page of an allowed origin may call, and read the headers that it needs", async () => {
  const response = await post("sum", { a: 1, b: 2 }, { origin: "https://app.example" });
  expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
  expect(response.headers.get("access-control-expose-headers")?.split(",")).toEqual(
    expect.arrayContaining([
      "Location",
      "Content-Location",
      "Retry-After",
      "Preference-Applied",
      "ETag",
      "Idempotent-Replayed",
      "Rejoinder-Position",
      "Rejoinder-Aggregate-Version",
      "WWW-Authenticate",
      "RateLimit",
      "RateLimit-Policy",
    ]),
  );
  expect(response.headers.get("access-control-allow-credentials")).toBeNull();
});

test("a problem can be read by a page of an allowed origin too", async () => {
  const response = await post("nothing", {}, { origin: "https://app.example" });
  expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([404, "https://app.example"]);
});

test("a preflight is answered for two hours, with the headers that may be sent", async () => {
  const headers = { origin: "https://app.example", "access-control-request-method": "POST", "access-control-request-headers": "prefer" };
  const response = await call("/requests/sum", { method: "OPTIONS", headers });
  expect(response.status).toBe(204);
  expect(response.headers.get("access-control-max-age")).toBe("7200");
  expect(response.headers.get("access-control-allow-headers")).toBe(
    "Prefer,Content-Type,Authorization,Idempotency-Key,If-Match,If-None-Match,Last-Event-ID,Reply-To,Traceparent",
  );
});

test("a page of an allowed origin may cancel a request", async () => {
  const headers = { origin: "https://app.example", "access-control-request-method": "DELETE" };
  const response = await call("/status/x", { method: "OPTIONS", headers });
  expect([response.status, response.headers.get("access-control-allow-methods")]).toEqual([204, "GET,POST,DELETE"]);
});

test("a page of another origin gets no leave, and nobody gets any for replies and redrives", async () => {
  const other = await call("/health", { headers: { origin: "https://evil.example" } });
  expect(other.headers.get("access-control-allow-origin")).toBeNull();
  for (const path of ["/replies", "/redrives"]) {
    const headers = { origin: "https://app.example", "access-control-request-method": "POST" };
    const response = await call(path, { method: "OPTIONS", headers });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  }
});
