import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StatusBody } from "../../../protocol/status.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { openLink, type TestLink } from "../support/links.ts";
import { deliver, replyTo } from "../support/replies.ts";
import { correlationIdOf, createTraceparent } from "../support/requests.ts";
import { call, post, testEnv } from "../support/worker.ts";

// Those who wait are refused without a consumer.
let consumer: TestLink;
beforeAll(async () => {
  consumer = await openLink();
});
afterAll(() => consumer.close());

const sum = (key: string, body: unknown = { a: 2, b: 3 }, headers: Record<string, string> = {}) =>
  post("sum", body, { "idempotency-key": key, ...headers });

/** Sends a sum with a key of its own, which is accepted. */
const accepted = async () => {
  const key = crypto.randomUUID();
  const response = await sum(`"${key}"`);
  expect([response.status, response.headers.get("idempotent-replayed")]).toEqual([202, null]);
  const { correlationId } = await response.json<StatusBody>();
  return { key, correlationId, location: response.headers.get("location") };
};

describe("the same request with the same key", () => {
  test("is the same status resource, marked as replayed, pending and done", async () => {
    const { key, correlationId, location } = await accepted();
    for (const state of ["accepted", "succeeded"]) {
      const again = await sum(`"${key}"`);
      expect([again.status, again.headers.get("location"), again.headers.get("idempotent-replayed")]).toEqual([202, location, "true"]);
      expect(await again.json()).toMatchObject({ correlationId, state });
      await deliver([replyTo(correlationId)]);
    }
  });

  test("is recognised with its members in another order, other headers, and its key without quotes", async () => {
    const { key, location } = await accepted();
    const again = await sum(key, { b: 3, a: 2 }, { traceparent: createTraceparent(), prefer: "respond-async" });
    expect([again.status, again.headers.get("location")]).toEqual([202, location]);
  });

  test("waits as the first did, and both get the reply, also later", async () => {
    const [key, traceparent] = [crypto.randomUUID(), createTraceparent()];
    const prefer = "wait=20";
    const first = sum(key, undefined, { prefer, traceparent });
    const correlationId = await correlationIdOf(traceparent);
    const second = sum(key, undefined, { prefer });
    await deliver([replyTo(correlationId, { httpStatus: 201, data: { sum: 5 } })]);
    const third = sum(key, undefined, { prefer });
    const replies = await Promise.all([first, second, third]);
    for (const reply of replies) {
      expect([reply.status, await reply.json()]).toEqual([201, { sum: 5 }]);
      expect(reply.headers.get("content-location")).toBe(`/status/${correlationId}`);
    }
    expect(replies.map(({ headers }) => headers.get("idempotent-replayed"))).toEqual([null, "true", "true"]);
  });

  test("is told that the request has failed, if it has: that is a result", async () => {
    const { key, correlationId } = await accepted();
    const problem = { type: "about:blank", title: "No", status: 500, code: "HANDLER_FAILED" };
    await deliver([replyTo(correlationId, { state: "failed", data: problem })]);
    const again = await sum(key, undefined, { prefer: "wait=20" });
    expect([again.status, again.headers.get("idempotent-replayed"), await again.json()]).toEqual([500, "true", problem]);
  });
});

describe("a key that is taken", () => {
  test.each([
    ["other data", "sum", { a: 2, b: 4 }],
    ["another operation", "echo", { a: 2, b: 3 }],
  ])("is refused for %s: 422", async (_, operation, body) => {
    const { key } = await accepted();
    const response = await post(operation, body, { "idempotency-key": key });
    expect([response.status, await response.json()]).toEqual([422, expect.objectContaining({ code: "IDEMPOTENCY_KEY_REUSED" })]);
    expect([response.headers.get("location"), response.headers.get("idempotent-replayed")]).toEqual([null, null]);
  });
});

test.each(["", '""', "x".repeat(256), "schl\u00fcssel", '"a\\nb"', '"open', "one, two"])(
  "the key %j cannot be read: 400, and nothing is sent",
  async (key) => {
    const response = await sum(key);
    expect([response.status, await response.json()]).toEqual([400, expect.objectContaining({ code: "INVALID_IDEMPOTENCY_KEY" })]);
  },
);

test("several fields of keys cannot be read, even if they are the same: 400", async () => {
  const headers = new Headers({ "content-type": "application/json", "idempotency-key": '"one"' });
  headers.append("idempotency-key", '"one"');
  const response = await call("/requests/sum", { method: "POST", headers, body: '{"a":2,"b":3}' });
  expect([response.status, await response.json()]).toEqual([400, expect.objectContaining({ code: "INVALID_IDEMPOTENCY_KEY" })]);
});

test("a request that does not fit its schema takes no key", async () => {
  const key = crypto.randomUUID();
  expect((await sum(key, { a: "2" })).status).toBe(422);
  expect((await sum(key)).status).toBe(202);
});

// In workerd, tests share an isolate with the Worker, which bears less at once; end to end there are as many.
test.runIf(host.name === "node")("a thousand at once with one key are one request", async () => {
  const key = crypto.randomUUID();
  const responses = await Promise.all(Array.from({ length: 1_000 }, () => sum(key)));
  const locations = new Set(responses.map(({ headers }) => headers.get("location")));
  expect(locations.size).toBe(1);
  expect(responses.filter(({ status, headers }) => status === 202 && headers.get("idempotent-replayed") === "true")).toHaveLength(999);
});

test.runIf(host.name === "cloudflare")("no key is honoured where replies are kept in KV alone: 501, and nothing is sent", async () => {
  const init = { method: "POST", headers: { "content-type": "application/json", "idempotency-key": "k" }, body: '{"a":2,"b":3}' };
  const response = await host.callOther({ variables: { REPLY_STORE: "kv" } }, "/requests/sum", init);
  expect([response.status, await response.json()]).toEqual([501, expect.objectContaining({ code: "NOT_SUPPORTED" })]);
});

test.runIf(host.name === "node").each([
  ["unavailable", 503, "PRODUCE_UNAVAILABLE"],
  ["hang-up", 504, "PRODUCE_UNKNOWN"],
])("our own failure %s is not replayed: the retry is tried again", async (behaviour, status, code) => {
  const variables = { UPSTASH_KAFKA_REST_URL: `${testEnv.FAULTY_PROXY_URL}/${behaviour}/http` };
  const init = { method: "POST", headers: { "content-type": "application/json", "idempotency-key": "k" }, body: '{"a":2,"b":3}' };
  const response = await host.callOther({ variables }, "/requests/sum", init);
  expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ code })]);
  expect(response.headers.get("idempotent-replayed")).toBeNull();
});
