import { expect, test, vi } from "vitest";
import { createApp } from "../../worker/app.ts";
import type { Contract } from "../../contract/contract.ts";
import { isRequestLogOn, type RequestLine } from "../../worker/request-observer.ts";
import type { RequestPublisher } from "../../worker/request-publisher.ts";
import { contract } from "../project/app/contract.ts";
import type { ViewStore } from "../../worker/views/view-store.ts";
import { host } from "./hosts/cloudflare/test-host.ts";
import { batchInit, itemOf } from "./support/batches.ts";
import { createTraceparent } from "./support/requests.ts";
import { publisherOf } from "./support/publisher.ts";
import { contractOf } from "./support/views.ts";
import { idsAt } from "./support/worker.ts";

/** A Worker that logs its requests, whose records all come to the same. */
const openWorker = (
  publish: RequestPublisher["publish"] = async () => ({ outcome: "stored", status: undefined }),
  own: Contract = contract,
) => {
  const lines: RequestLine[] = [];
  const app = createApp({
    contract: own,
    // Nobody here may send or read rows.
    views: {} as ViewStore,
    ids: idsAt(),
    publisher: publisherOf(publish),
    statuses: host.mailbox,
    shards: 1,
    source: "/worker",
    corsOrigins: [],
    replySecrets: [],
    logRequest: (line) => void lines.push(line),
  });
  const post = (operation: string, headers: Record<string, string> = {}) =>
    app.request(`/requests/${operation}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer secret", ...headers },
      body: '{"a":2,"b":3}',
    });
  const postBatch = () => app.request("/requests:batch", batchInit(`{"requests":[${itemOf("sum", { a: 2, b: 3 })},1]}`));
  return { lines, post, postBatch, ask: (path: string, init?: RequestInit) => app.request(path, init) };
};

test("a request is one line: where it went, its operation, its correlation ID and its trace, and nothing of what was sent", async () => {
  const { lines, post } = openWorker();
  const traceparent = createTraceparent();
  const response = await post("sum", { traceparent });
  const correlationId = response.headers.get("location")?.replace("/status/", "");
  expect(lines).toEqual([
    {
      method: "POST",
      route: "/requests/:operation",
      status: 202,
      ms: expect.any(Number),
      operation: "sum",
      correlationId,
      traceId: traceparent.split("-")[1],
    },
  ]);
});

test("a batch is one line, whatever became of its requests", async () => {
  const { lines, postBatch } = openWorker();
  await postBatch();
  expect(lines).toEqual([{ method: "POST", route: "/requests:batch", status: 200, ms: expect.any(Number) }]);
});

test("a request that fails is logged with the code of its problem, and its correlation ID if it may have been produced", async () => {
  const { lines, post } = openWorker(async () => ({ outcome: "unknown", detail: "Nobody knows." }));
  const response = await post("sum");
  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({ code: "PRODUCE_UNKNOWN" });
  expect(lines).toMatchObject([{ status: 504, code: "PRODUCE_UNKNOWN", correlationId: expect.stringMatching(/^[\w-]{63}$/) }]);
});

test("no line holds what a caller made up: neither an operation, nor a path, nor an ID", async () => {
  const { lines, post, ask } = openWorker();
  await post("made-up");
  await ask("/status/made-up");
  await ask(`/status/${"x".repeat(63)}`);
  await ask("/made-up");
  expect(lines.map(({ route, status, code }) => [route, status, code])).toEqual([
    ["/requests/:operation", 404, "UNKNOWN_OPERATION"],
    ["/status/:correlationId", 404, "UNKNOWN_CORRELATION_ID"],
    ["/status/:correlationId", 404, "UNKNOWN_CORRELATION_ID"],
    ["none", 404, "NOT_FOUND"],
  ]);
  expect(JSON.stringify(lines)).not.toMatch(/made-up|xxx/);
});

test("a status is logged with the correlation ID that was asked for", async () => {
  const { lines, post, ask } = openWorker();
  const path = (await post("sum")).headers.get("location") ?? "";
  await ask(path);
  expect(lines.at(-1)).toMatchObject({ method: "GET", route: "/status/:correlationId", correlationId: path.replace("/status/", "") });
});

test("whoever only asks whether the Worker is well is not logged", async () => {
  const { lines, ask } = openWorker();
  expect((await ask("/health")).status).toBe(200);
  expect(lines).toEqual([]);
});

test("rows that consumers send, and their questions about them, are not logged", async () => {
  const { lines, ask } = openWorker(undefined, contractOf("balances"));
  expect((await ask("/views", { method: "POST", body: "{}" })).status).toBe(401);
  expect(lines).toEqual([]);
  await ask("/views/other/ada");
  expect(lines).toMatchObject([{ method: "GET", route: "/views/:view/:key", status: 404 }]);
});

test("an error that nobody expected is logged as such, and answered as ever", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const { lines, post } = openWorker(() => Promise.reject(new Error("unexpected")));
  expect((await post("sum")).status).toBe(500);
  expect(lines).toMatchObject([{ status: 500, code: "INTERNAL", operation: "sum" }]);
  vi.restoreAllMocks();
});

test("requests are logged in production, and elsewhere only if REQUEST_LOG says so", () => {
  expect([
    isRequestLogOn({ REQUEST_LOG: undefined, ENVIRONMENT: "production" }),
    isRequestLogOn({ REQUEST_LOG: undefined, ENVIRONMENT: "local" }),
    isRequestLogOn({ REQUEST_LOG: "on", ENVIRONMENT: "local" }),
    isRequestLogOn({ REQUEST_LOG: "off", ENVIRONMENT: "production" }),
  ]).toEqual([true, false, true, false]);
});
