import { beforeAll, describe, expect, test } from "vitest";
import type { StatusBody } from "../../../protocol/status.ts";
import { DOCUMENTS } from "../../../worker/description/described-api.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { actOn, putLetter, requestOf } from "../support/dead-letters.ts";
import { keyOperator } from "../support/keys.ts";
import { redrive } from "../support/redrives.ts";
import { deliver, replyTo } from "../support/replies.ts";
import { as } from "../support/tokens.ts";
import { call, createId, post, testEnv } from "../support/worker.ts";
import { type OpenApi, undescribed } from "./served-api.ts";

const PATHS = Object.values(DOCUMENTS).map(({ path }) => path);
const ID = "{correlationId}";
const JSON_TYPE = { "content-type": "application/json" };
const problem = { type: "about:blank", title: "It failed", status: 500, code: "HANDLER_FAILED" };
const ada = await as("ada");

type Call = readonly [what: string, method: string, path: string, status: number, ask: () => Promise<Response>];

/** A request whose reply came at once, so that whoever waits has it. */
const replied = async (operation: string, body: unknown, overrides: Parameters<typeof replyTo>[1]): Promise<Response> => {
  const key = { "idempotency-key": crypto.randomUUID() };
  const id = (await (await post(operation, body, key)).json<StatusBody>()).correlationId;
  await deliver([replyTo(id, { operation, ...overrides })]);
  return post(operation, body, { ...key, prefer: "wait=5" });
};

const SUM = { a: 2, b: 3 };
const idText = async (options?: Parameters<typeof createId>[0]) => (await createId(options)).text;
const statusOf = async (id: string, headers: Record<string, string> = {}, query = "") => call(`/status/${id}${query}`, { headers });

const letter = async () => {
  const id = await createId();
  await deliver([replyTo(id.text, { state: "failed", data: problem })]);
  return putLetter(requestOf(id), { correlationId: id.text, operation: "sum", code: "HANDLER_FAILED" });
};

const batch = (requests: readonly unknown[]) =>
  call("/requests:batch", { method: "POST", headers: JSON_TYPE, body: JSON.stringify({ requests }) });

const CALLS: readonly Call[] = [
  ["a request", "POST", "/requests/sum", 202, () => post("sum", SUM)],
  ["a request of a caller who is known", "POST", "/requests/sum", 202, () => post("sum", SUM, ada)],
  ["a request whose wait is over", "POST", "/requests/sum", 202, () => post("sum", SUM, { prefer: "respond-async, wait=1" })],
  ["a reply", "POST", "/requests/sum", 200, () => replied("sum", SUM, { data: { sum: 5 } })],
  ["a reply with a status of its own", "POST", "/requests/echo", 201, () => replied("echo", { n: 1 }, { data: { n: 1 }, httpStatus: 201 })],
  [
    "an error of the operation",
    "POST",
    "/requests/sum",
    422,
    () => replied("sum", SUM, { state: "failed", data: { ...problem, status: 422, code: "SUM_OUT_OF_RANGE" } }),
  ],
  ["a handler that failed", "POST", "/requests/sum", 500, () => replied("sum", SUM, { state: "failed", data: problem })],
  ["a request that was cancelled", "POST", "/requests/sum", 409, () => replied("sum", SUM, { state: "cancelled", data: undefined })],
  ["a request that expired", "POST", "/requests/sum", 504, () => replied("sum", SUM, { state: "expired", data: undefined })],
  ["what does not fit", "POST", "/requests/sum", 422, () => post("sum", { a: "2" })],
  ["no JSON", "POST", "/requests/sum", 400, () => call("/requests/sum", { method: "POST", headers: JSON_TYPE, body: "{" })],
  ["another type", "POST", "/requests/sum", 415, () => call("/requests/sum", { method: "POST", body: "a=2" })],
  ["too much", "POST", "/requests/echo", 413, () => post("echo", "x".repeat(1_100_000))],
  ["a bad key", "POST", "/requests/sum", 400, () => post("sum", SUM, { "idempotency-key": '"' })],
  ["bad credentials", "POST", "/requests/sum", 401, () => post("sum", SUM, { authorization: "Bearer nonsense" })],
  [
    "Kafka away",
    "POST",
    "/requests/sum",
    503,
    () =>
      host.callOther({ variables: { UPSTASH_KAFKA_REST_URL: `${testEnv.FAULTY_PROXY_URL}/unavailable/http` } }, "/requests/sum", {
        method: "POST",
        headers: JSON_TYPE,
        body: JSON.stringify(SUM),
      }),
  ],
  [
    "Kafka silent half way",
    "POST",
    "/requests/sum",
    504,
    () =>
      host.callOther({ variables: { UPSTASH_KAFKA_REST_URL: `${testEnv.FAULTY_PROXY_URL}/hang-up/http` } }, "/requests/sum", {
        method: "POST",
        headers: JSON_TYPE,
        body: JSON.stringify(SUM),
      }),
  ],

  ["several requests", "POST", "/requests:batch", 200, () => batch([{ operation: "sum", data: SUM }, { operation: "sum", data: 1 }, 7])],
  ["no batch of requests", "POST", "/requests:batch", 400, () => batch([])],
  ["the requests of nobody", "GET", "/requests", 401, () => call("/requests")],
  ["a list by a bad filter", "GET", "/requests", 400, () => call("/requests?state=none", { headers: ada })],

  ["a pending status", "GET", `/status/${ID}`, 202, async () => statusOf(await idText())],
  ["an unchanged status", "GET", `/status/${ID}`, 304, async () => statusOf(await idText(), { "if-none-match": '"0"' })],
  ["a status after a wait", "GET", `/status/${ID}`, 202, async () => statusOf(await idText(), { prefer: "wait=1" })],
  [
    "a status that has ended",
    "GET",
    `/status/${ID}`,
    200,
    async () => {
      const id = await idText();
      await deliver([replyTo(id, { state: "failed", data: problem, attempt: 2 })]);
      return statusOf(id);
    },
  ],
  [
    "a status with chunks and progress",
    "GET",
    `/status/${ID}`,
    202,
    async () => {
      const id = await idText();
      const operation = "countdown";
      const emitted = { execution: "one", first: 0 };
      await deliver([replyTo(id, { operation, state: "processing", data: [{ left: 2 }, { left: 1 }], emitted })]);
      await deliver([replyTo(id, { operation, state: "processing", data: { progress: { percent: 50 }, lastError: problem } })]);
      return statusOf(id, {}, "?chunks-from=1");
    },
  ],
  [
    "a late reply",
    "GET",
    `/status/${ID}`,
    200,
    async () => {
      const id = await idText({ agoMs: 100_000 });
      await statusOf(id);
      await deliver([replyTo(id)]);
      return statusOf(id);
    },
  ],
  [
    "events",
    "GET",
    `/status/${ID}`,
    200,
    async () => {
      const id = await idText();
      await deliver([replyTo(id)]);
      return statusOf(id, { accept: "text/event-stream" });
    },
  ],
  [
    "events to their end",
    "GET",
    `/status/${ID}`,
    204,
    async () => {
      const id = await idText();
      await deliver([replyTo(id)]);
      return statusOf(id, { accept: "text/event-stream", "last-event-id": "1" });
    },
  ],
  ["a forged ID", "GET", `/status/${ID}`, 404, () => statusOf("A".repeat(63))],
  ["a status that is gone", "GET", `/status/${ID}`, 410, async () => statusOf(await idText({ agoMs: 4_000_000 }))],
  ["a bad query", "GET", `/status/${ID}`, 400, async () => statusOf(await idText(), {}, "?chunks-from=x")],
  ["a cancellation", "DELETE", `/status/${ID}`, 202, async () => call(`/status/${await idText()}`, { method: "DELETE" })],
  [
    "a cancellation too late",
    "DELETE",
    `/status/${ID}`,
    409,
    async () => {
      const id = await idText();
      await deliver([replyTo(id)]);
      return call(`/status/${id}`, { method: "DELETE" });
    },
  ],
  ["a token", "POST", `/status/${ID}/token`, 200, async () => call(`/status/${await idText()}/token`, { method: "POST" })],
  [
    "a bad token request",
    "POST",
    `/status/${ID}/token`,
    422,
    async () => call(`/status/${await idText()}/token`, { method: "POST", headers: JSON_TYPE, body: '{"cancel":1}' }),
  ],

  ["the webhook of a request without one", "GET", `/status/${ID}/webhook`, 404, async () => call(`/status/${await idText()}/webhook`)],
  ["its replay", "POST", `/status/${ID}/webhook`, 404, async () => call(`/status/${await idText()}/webhook`, { method: "POST" })],
  ["the keys of webhooks", "GET", "/.well-known/webhook-keys", 200, () => call("/.well-known/webhook-keys")],
  ["a bad Reply-To", "POST", "/requests/sum", 400, () => post("sum", SUM, { "reply-to": "http://10.0.0.1/" })],

  ["the contract", "GET", "/contract", 200, () => call("/contract")],
  ["the health", "GET", "/health", 200, () => call("/health")],
  ["the metadata", "GET", "/.well-known/oauth-protected-resource", 200, () => call("/.well-known/oauth-protected-resource")],
  ...PATHS.map((path): Call => ["a document", "GET", path, 200, () => call(path)]),
  ["the same document", "GET", "/openapi.json", 304, () => call("/openapi.json", { headers: { "if-none-match": "*" } })],
  ["the reference", "GET", "/docs", 200, () => call("/docs")],
  ["the reference by another name", "GET", "/docs.html", 307, () => call("/docs.html", { redirect: "manual" })],
  ["its script", "GET", "/docs.js", 200, () => call("/docs.js")],
  ["its style", "GET", "/docs.css", 200, () => call("/docs.css")],
  ["the page", "GET", "/", 200, () => call("/")],
  ["the page by its name", "GET", "/index.html", 307, () => call("/index.html", { redirect: "manual" })],
  ["its script", "GET", "/main.js", 200, () => call("/main.js")],
  ["its style", "GET", "/main.css", 200, () => call("/main.css")],
  ["its icon", "GET", "/icon.svg", 200, () => call("/icon.svg")],

  ["replies", "POST", "/replies", 200, async () => deliver([replyTo(await idText()), replyTo("A".repeat(63))])],
  ["replies without a signature", "POST", "/replies", 401, () => call("/replies", { method: "POST", body: "[]" })],
  ["no batch", "POST", "/replies", 400, () => deliver([], { body: "{}" })],
  ["another type of batch", "POST", "/replies", 415, () => deliver([], { contentType: "text/plain" })],
  [
    "a redrive",
    "POST",
    "/redrives",
    202,
    async () => {
      const id = await idText();
      await deliver([replyTo(id, { state: "failed", data: problem })]);
      return redrive({ correlationId: id, operation: "sum", data: SUM });
    },
  ],
  ["a redrive too early", "POST", "/redrives", 409, async () => redrive({ correlationId: await idText(), operation: "sum", data: SUM })],
  ["a redrive of nothing", "POST", "/redrives", 404, () => redrive({ correlationId: "x", operation: "none", data: SUM })],
  ["what keys there are", "POST", "/keys", 200, () => keyOperator(call).ask({ action: "list" })],
  ["no key action", "POST", "/keys", 400, () => keyOperator(call).ask({ action: "none" })],
  ["no such key", "POST", "/keys", 404, () => keyOperator(call).ask({ action: "show", id: "11111111" })],
  ["no WebSocket", "GET", "/link/{shard}", 426, () => call("/link/0")],
  ["the consumers", "GET", "/consumers", 200, () => call("/consumers")],
  ["consumers for a stranger", "GET", "/consumers", 403, () => call("/consumers", { headers: ada })],
  ["dead letters", "GET", "/dead-letters", 200, async () => (await letter(), call("/dead-letters?limit=1"))],
  ["a bad page", "GET", "/dead-letters", 400, () => call("/dead-letters?limit=0")],
  ["a dead letter", "GET", "/dead-letters/{topic}/{partition}/{offset}", 200, async () => call(`/dead-letters/${await letter()}`)],
  ["no dead letter", "GET", "/dead-letters/{topic}/{partition}/{offset}", 404, () => call("/dead-letters/requests-dlt/0/999999")],
  ["letters redriven", "POST", "/dead-letters/redrive", 200, async () => actOn("redrive", [await letter()])],
  ["letters dropped", "POST", "/dead-letters/drop", 200, async () => actOn("drop", [await letter()])],
  ["no letters", "POST", "/dead-letters/drop", 400, () => actOn("drop", [])],
  ["a page of another origin", "POST", "/dead-letters/drop", 403, () => actOn("drop", [], { "sec-fetch-site": "cross-site" })],
];

describe("what the API answers is as its document says:", () => {
  let document: OpenApi;
  beforeAll(async () => {
    document = await (await call("/openapi.json")).json();
  });

  test.each(CALLS)("%s, by %s %s: %i", async (_, method, path, status, ask) => {
    const response = await ask();
    expect(response.status, await response.clone().text()).toBe(status);
    expect(await undescribed(document, method, path, response)).toEqual([]);
  });

  test("every route is among these calls", () => {
    const called = new Set(CALLS.map(([, method, path]) => `${method} ${path}`));
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    // Operations are alike.
    expect(described.filter((name) => !called.has(name) && !name.startsWith("POST /requests/"))).toEqual([]);
  });
});
