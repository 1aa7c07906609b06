import { describe, expect, test } from "vitest";
import { MAX_JSON_DEPTH, MAX_RECORD_BYTES, RECORD_HEADROOM_BYTES } from "../../../protocol/limits.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { batchInit, type BatchResult, itemOf, postItems, resultsOf } from "../support/batches.ts";
import { deliver, replyTo } from "../support/replies.ts";
import { createTraceparent, headersOfCorrelationId } from "../support/requests.ts";
import { as } from "../support/tokens.ts";
import { call, testEnv } from "../support/worker.ts";

const SUM = itemOf("sum", { a: 2, b: 3 });
const codesOf = (results: readonly BatchResult[]) => results.map(({ status, code }) => code ?? status);
const problemOf = async (response: Response) => [response.status, (await response.json<{ code: string }>()).code];
const shardOf = ({ correlationId = "" }: BatchResult): string => correlationId.slice(1, 4);

describe("a batch of requests", () => {
  test("is answered with a result for each, in their order, and each is followed by its status", async () => {
    const response = await postItems([SUM, itemOf("echo", [1]), SUM]);
    expect([response.headers.get("content-type"), response.headers.get("cache-control")]).toEqual(["application/json", "no-store"]);
    const results = await resultsOf(response);
    for (const { correlationId, location, ...result } of results) {
      expect(result).toMatchObject({ status: 202, retryAfterSeconds: 1, state: "accepted", version: 0 });
      expect(location).toBe(`/status/${correlationId}`);
      expect((await call(location ?? "")).status).toBe(202);
    }
    expect(new Set(results.map(({ correlationId }) => correlationId)).size).toBe(3);
    expect(new Set(results.map(shardOf)).size).toBe(1);
    const id = results[2]?.correlationId as string;
    await deliver([replyTo(id)]);
    expect(await (await call(`/status/${id}`)).json()).toMatchObject({ state: "succeeded", reply: { sum: 5 } });
  });

  test("goes on with the caller's trace, and is signed by its caller", async () => {
    const [traceparent, headers] = [createTraceparent(), await as("ada")];
    const [first, second] = await resultsOf(await postItems([SUM, itemOf("echo", 1)], { ...headers, traceparent }));
    for (const [result, type] of [
      [first, "sum"],
      [second, "echo"],
    ] as const) {
      const record = await headersOfCorrelationId(result?.correlationId as string);
      expect([record.get("ce_traceparent"), record.get("ce_authid")]).toEqual([traceparent, "ada"]);
      expect(record.get("ce_type")).toContain(type);
    }
    expect((await call(first?.location ?? "", { headers })).status).toBe(202);
    expect((await call(first?.location ?? "", { headers: await as("eve") })).status).toBe(404);
  });

  test("is answered at once, whatever it prefers", async () => {
    const response = await postItems([SUM], { prefer: "wait=20" });
    expect([response.status, response.headers.get("preference-applied")]).toEqual([200, null]);
  });

  test("is read by pages of the origins that may call", async () => {
    const response = await postItems([SUM], { origin: "https://app.example" });
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
  });

  test("of which none is valid is answered as any other", async () => {
    expect(codesOf(await resultsOf(await postItems(["1", itemOf("sum", {})])))).toEqual(["INVALID_BATCH", "INVALID_REQUEST"]);
  });

  test("is no path for another method, and nothing like it is a path", async () => {
    const response = await call("/requests:batch");
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await call("/requests:other", { method: "POST" })).status).toBe(404);
  });
});

describe("an item that is refused", () => {
  const deep = (levels: number) => `{"operation":"echo","data":${"[".repeat(levels)}${"]".repeat(levels)}}`;
  const large = (length: number) => itemOf("echo", "x".repeat(length));

  test.each([
    ["is no object", "[]", "INVALID_BATCH"],
    ["is null", "null", "INVALID_BATCH"],
    ["names no operation", '{"data":1}', "INVALID_BATCH"],
    ["names an operation that is no text", '{"operation":1,"data":1}', "INVALID_BATCH"],
    ["has no data", '{"operation":"echo"}', "INVALID_BATCH"],
    ["has its data twice", '{"operation":"echo","data":1,"dat\\u0061":2}', "INVALID_BATCH"],
    ["has its operation twice", '{"operation":"echo","operation":"sum","data":1}', "INVALID_BATCH"],
    ["has another member", '{"operation":"echo","data":1,"constructor":2}', "INVALID_BATCH"],
    ["has a prototype", '{"operation":"echo","data":1,"__proto__":{}}', "INVALID_BATCH"],
    ["has a prototype in place of its data", '{"operation":"echo","__proto__":{"data":1}}', "INVALID_BATCH"],
    ["has a key of its own", '{"operation":"echo","data":1,"idempotencyKey":"k"}', "INVALID_BATCH"],
    ["names the operation nothing", itemOf("nothing", 1), "UNKNOWN_OPERATION"],
    ["names the operation __proto__", itemOf("__proto__", 1), "UNKNOWN_OPERATION"],
    ["names the operation constructor", itemOf("constructor", 1), "UNKNOWN_OPERATION"],
    ["does not fit the schema", itemOf("sum", { a: "2" }), "INVALID_REQUEST"],
    ["has a member called __proto__ in its data", '{"operation":"echo","data":{"__proto__":1}}', "INVALID_REQUEST"],
    ["is ordered by what is no Unicode", itemOf("report", { account: "\ud800", lines: [] }), "INVALID_REQUEST"],
    ["is nested too deep", deep(MAX_JSON_DEPTH + 1), "MALFORMED_JSON"],
    ["is nested 250,000 levels deep", deep(250_000), "MALFORMED_JSON"],
    ["is larger than a record", large(MAX_RECORD_BYTES - RECORD_HEADROOM_BYTES), "BODY_TOO_LARGE"],
  ])("because it %s stops no other", async (_, item, code) => {
    const results = await resultsOf(await postItems([SUM, item, SUM]));
    expect(codesOf(results)).toEqual([202, code, 202]);
    expect(results[1]).toMatchObject({ type: "about:blank", title: expect.any(String), detail: expect.any(String) });
  });

  test("says the same as a request that is sent alone", async () => {
    const bodies = [itemOf("nothing", 1), itemOf("report", { account: "", lines: [{ date: "2026-13-01" }] })];
    const results = await resultsOf(await postItems(bodies));
    for (const [index, body] of bodies.entries()) {
      const { operation, data } = JSON.parse(body) as { operation: string; data: unknown };
      const alone = await call(`/requests/${operation}`, batchInit(JSON.stringify(data)));
      expect(results[index]).toEqual(await alone.json());
    }
  });

  test("is told which scope is missing, and others go on", async () => {
    const headers = await as("ada", { scope: "requests:sum status:read" });
    const results = await resultsOf(await postItems([SUM, itemOf("echo", 1)], headers));
    expect(codesOf(results)).toEqual([202, "INSUFFICIENT_SCOPE"]);
    expect(results[1]?.detail).toContain("requests:echo");
  });

  test("as deep as data may be, an item is taken, and its record has the text that came", async () => {
    expect(codesOf(await resultsOf(await postItems([deep(MAX_JSON_DEPTH), '{"data" : [1e20] , "operation" : "echo"}'])))).toEqual([
      202, 202,
    ]);
  });
});

describe("a batch is refused whole", () => {
  test.each([
    ["that is no JSON", '{"requests":[', "MALFORMED_JSON"],
    ["that is an array", `[${SUM}]`, "INVALID_BATCH"],
    ["that is null", "null", "INVALID_BATCH"],
    ["without requests", "{}", "INVALID_BATCH"],
    ["with requests that are no array", '{"requests":{"length":1}}', "INVALID_BATCH"],
    ["with no request", '{"requests":[]}', "INVALID_BATCH"],
    ["with 101 requests", `{"requests":[${Array.from({ length: 101 }, () => SUM).join(",")}]}`, "INVALID_BATCH"],
    ["with requests twice", `{"requests":[${SUM}],"requests":[${SUM}]}`, "INVALID_BATCH"],
    ["with another member", `{"requests":[${SUM}],"wait":1}`, "INVALID_BATCH"],
    ["with its requests in a prototype", `{"__proto__":{"requests":[${SUM}]}}`, "INVALID_BATCH"],
  ])("%s: 400", async (_, body, code) => {
    expect(await problemOf(await call("/requests:batch", batchInit(body)))).toEqual([400, code]);
  });

  test("that is no JSON by its type, or too large, or whose key cannot be read", async () => {
    const text = { headers: { "content-type": "text/plain" } };
    expect(await problemOf(await call("/requests:batch", { ...batchInit(`{"requests":[${SUM}]}`), ...text }))).toEqual([
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ]);
    expect(await problemOf(await postItems([itemOf("echo", "x".repeat(MAX_RECORD_BYTES))]))).toEqual([413, "BODY_TOO_LARGE"]);
    expect(await problemOf(await postItems([SUM], { "idempotency-key": '"a", "b"' }))).toEqual([400, "INVALID_IDEMPOTENCY_KEY"]);
  });

  test("of somebody who may send no request, or who is not known", async () => {
    const reader = await postItems([SUM], await as("ada", { scope: "status:read" }));
    expect(reader.headers.get("www-authenticate")).toBe('Bearer error="insufficient_scope", scope="requests:*"');
    expect(await problemOf(reader)).toEqual([403, "INSUFFICIENT_SCOPE"]);
    const closed = await host.callOther({ variables: { AUTH: "jwt" } }, "/requests:batch", batchInit(`{"requests":[${SUM}]}`));
    expect(await problemOf(closed)).toEqual([401, "UNAUTHENTICATED"]);
  });
});

describe("a batch with an Idempotency-Key", () => {
  const items = [SUM, itemOf("sum", {}), itemOf("echo", { hello: "world" })];
  const withKey = (key: string) => ({ "idempotency-key": `"${key}"` });

  test("that comes again is the same requests, also once they are done, and what was refused is refused again", async () => {
    const headers = withKey(crypto.randomUUID());
    const first = await resultsOf(await postItems(items, headers));
    expect(codesOf(first)).toEqual([202, "INVALID_REQUEST", 202]);
    await deliver([replyTo(first[0]?.correlationId as string)]);
    const again = await resultsOf(await postItems(items, headers));
    expect(again.map(({ location }) => location)).toEqual(first.map(({ location }) => location));
    expect(again[0]).toMatchObject({ state: "succeeded", idempotentReplayed: true });
    expect(again[0]).not.toHaveProperty("reply");
    expect(again[2]).toMatchObject({ state: "accepted", idempotentReplayed: true });
    expect(first[0]).not.toHaveProperty("idempotentReplayed");
  });

  test("recognises each request by its place: another one there is refused, and a new one is taken", async () => {
    const headers = withKey(crypto.randomUUID());
    const first = await resultsOf(await postItems(items, headers));
    const again = await resultsOf(await postItems([itemOf("sum", { a: 2, b: 4 }), SUM, items[2] as string], headers));
    expect(codesOf(again)).toEqual(["IDEMPOTENCY_KEY_REUSED", 202, 202]);
    expect(again[2]?.location).toBe(first[2]?.location);
    // A request that is sent alone has its keys apart.
    expect((await call("/requests/sum", batchInit('{"a":2,"b":3}', headers))).headers.get("idempotent-replayed")).toBeNull();
  });

  test("that comes ten times at once is sent once", async () => {
    const headers = withKey(crypto.randomUUID());
    const answers = await Promise.all(Array.from({ length: 10 }, async () => resultsOf(await postItems([SUM, SUM], headers))));
    expect(new Set(answers.map((results) => JSON.stringify(results.map(({ location }) => location)))).size).toBe(1);
  });
});

describe("all requests of a batch go to Kafka in one call, in their order", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => itemOf("echo", index));

  // Another Worker has no mailbox on Cloudflare: test/worker/hosts/cloudflare/batch.test.ts has one.
  test.each<Record<string, string>>(host.name === "node" ? [{}, { "idempotency-key": '"k"' }] : [{}])(
    "with headers %o",
    async (headers) => {
      const url = `${testEnv.RECORDED_PROXY_URL}/upstash/garbage/${crypto.randomUUID()}`;
      const variables = { UPSTASH_KAFKA_REST_URL: url, UPSTASH_KAFKA_REST_USERNAME: "tester", UPSTASH_KAFKA_REST_PASSWORD: "secret" };
      const init = batchInit(`{"requests":[${hundred.join(",")}]}`, headers);
      const results = await resultsOf(await host.callOther({ variables }, "/requests:batch", init));
      // The proxy does not say what has become of them.
      expect(new Set(codesOf(results))).toEqual(new Set(["PRODUCE_UNKNOWN"]));
      for (const { correlationId, location } of results) expect(location).toBe(`/status/${correlationId}`);
      const calls = await (await fetch(`${url}/sent`)).json<{ value: string }[][]>();
      expect(calls.map((records) => records.map(({ value }) => value))).toEqual([hundred.map((_item, index) => String(index))]);
    },
  );
});
