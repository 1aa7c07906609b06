import { expect, test } from "vitest";
import { VERSION } from "../../../protocol/version.ts";
import { call } from "../support/worker.ts";

test("the contract tells the library's version, and of each operation its schemas, errors and times", async () => {
  const response = await call("/contract");
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
  const { version, operations, views } = (await response.json()) as {
    version: string;
    operations: Record<string, unknown>;
    views: unknown;
  };
  expect([version, views]).toEqual([VERSION, {}]);
  expect(Object.keys(operations)).toEqual(["sum", "echo", "report", "countdown", "flaky"]);
  expect(operations["sum"]).toMatchObject({
    request: {
      type: "object",
      properties: { a: { type: "number" }, b: { type: "number" } },
      required: ["a", "b"],
      examples: [{ a: 2, b: 3 }],
    },
    reply: { type: "object", properties: { sum: { type: "number" } } },
    errors: { SUM_OUT_OF_RANGE: { status: 422 } },
    deadlineSeconds: 30,
    retentionSeconds: 3_600,
    fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
});

test("who has the contract already is told so, and gets it no second time", async () => {
  const first = await call("/contract");
  const etag = first.headers.get("etag") ?? "";
  expect([etag, first.headers.get("cache-control")]).toEqual([expect.stringMatching(/^"[0-9a-f]{16}"$/), "no-cache"]);
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
    const response = await call("/contract", { headers: { "if-none-match": known } });
    expect([response.status, await response.text(), response.headers.get("etag")]).toEqual([304, "", etag]);
  }
  expect((await call("/contract", { headers: { "if-none-match": '"other"' } })).status).toBe(200);
});

test("a page of an allowed origin may read the contract", async () => {
  const response = await call("/contract", { headers: { origin: "https://app.example" } });
  expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
});

test("the contract is only read", async () => {
  const response = await call("/contract", { method: "POST" });
  expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});
