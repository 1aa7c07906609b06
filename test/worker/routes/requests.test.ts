import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contract } from "../../project/app/contract.ts";
import type { StatusBody } from "../../../protocol/status.ts";
import { openLink, type TestLink } from "../support/links.ts";
import { deliver, replyTo } from "../support/replies.ts";
import { correlationIdOf, createTraceparent, headersOf } from "../support/requests.ts";
import { call, post } from "../support/worker.ts";

const problemOf = async (response: Response) => {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  return { status: response.status, ...(await response.json<Record<string, unknown>>()) };
};

// Those who wait are refused without a consumer.
let consumer: TestLink;
beforeAll(async () => {
  consumer = await openLink();
});
afterAll(() => consumer.close());

/** Sends a sum that waits, and delivers a reply to it. */
const requestAndAnswer = async (prefer: string, reply: Parameters<typeof replyTo>[1]): Promise<Response> => {
  const traceparent = createTraceparent();
  const waiting = post("sum", { a: 2, b: 3 }, { prefer, traceparent });
  expect((await deliver([replyTo(await correlationIdOf(traceparent), reply)])).status).toBe(200);
  return waiting;
};

describe("a request", () => {
  test("is accepted at once, with the place of its status", async () => {
    const response = await post("sum", { a: 2, b: 3 });
    expect(response.status).toBe(202);
    const body = await response.json<StatusBody>();
    expect(response.headers.get("location")).toBe(`/status/${body.correlationId}`);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("vary")).toContain("Prefer");
    expect(body).toMatchObject({ state: "accepted", version: 0, acceptedAt: body.updatedAt });
    expect(Date.parse(body.deadline) - Date.parse(body.acceptedAt)).toBe(30_000);
  });

  test("names the version of the operation that it was checked by", async () => {
    const traceparent = createTraceparent();
    await post("sum", { a: 2, b: 3 }, { traceparent });
    const { fingerprint } = contract.sum.description;
    expect((await headersOf(traceparent)).get("ce_dataschema")).toBe(`rejoinder:sum/${fingerprint}`);
  });

  test("whose reply comes within the wait is answered with the reply itself", async () => {
    const response = await requestAndAnswer("wait=20", { httpStatus: 201, data: { sum: 5 } });
    expect(response.status).toBe(201);
    expect(response.headers.get("preference-applied")).toBe("wait=20");
    expect(response.headers.get("content-location")).toMatch(/^\/status\/[\w-]{63}$/);
    expect(await response.json()).toEqual({ sum: 5 });
  });

  test("whose handler failed within the wait is answered with the handler's problem", async () => {
    const problem = { type: "about:blank", title: "No", status: 418, code: "TEAPOT" };
    expect(await problemOf(await requestAndAnswer("wait=20", { state: "failed", data: problem }))).toEqual(problem);
  });

  test("that expired within the wait is answered with 504", async () => {
    expect(await problemOf(await requestAndAnswer("wait=20", { state: "expired", data: undefined }))).toMatchObject({
      status: 504,
      code: "DEADLINE_EXCEEDED",
    });
  });

  test("whose wait is over is answered with 202", async () => {
    const response = await post("sum", { a: 2, b: 3 }, { prefer: "respond-async, wait=1" });
    expect(response.status).toBe(202);
    expect(response.headers.get("preference-applied")).toBe("wait=1, respond-async");
  });

  test("that asks for a long wait is told that 25 seconds are applied", async () => {
    expect((await requestAndAnswer("wait=600", {})).headers.get("preference-applied")).toBe("wait=25");
  });
});

describe("a request that is refused", () => {
  test("is not JSON: 400, with the place", async () => {
    const response = await call("/requests/sum", { method: "POST", headers: { "content-type": "application/json" }, body: '{"a":2,' });
    expect(await problemOf(response)).toMatchObject({ status: 400, code: "MALFORMED_JSON" });
  });

  test("is not UTF-8: 400", async () => {
    const body = new Uint8Array([0x22, 0xff, 0xfe, 0x22]);
    const response = await call("/requests/echo", { method: "POST", headers: { "content-type": "application/json" }, body });
    expect(await problemOf(response)).toMatchObject({ status: 400, code: "MALFORMED_JSON" });
  });

  test("does not fit the schema: 422, with paths and messages", async () => {
    const problem = await problemOf(await post("report", { account: "", lines: [{ date: "2026-13-01" }] }));
    expect(problem).toMatchObject({ status: 422, code: "INVALID_REQUEST" });
    const { errors } = problem as unknown as { errors: { path: string; message: string }[] };
    expect(errors.map(({ path }) => path)).toEqual([
      "/account",
      "/lines/0/date",
      "/lines/0/product",
      "/lines/0/quantity",
      "/lines/0/unitPrice",
    ]);
    expect(errors.every(({ message }) => message.length > 0)).toBe(true);
  });

  test.each(["nothing", "__proto__", "constructor", "toString"])(
    "names the unknown operation %s: 404, with the known ones",
    async (operation) => {
      expect(await problemOf(await post(operation, {}))).toMatchObject({
        status: 404,
        code: "UNKNOWN_OPERATION",
        operations: ["sum", "echo", "report", "countdown", "flaky"],
      });
    },
  );

  test.each([
    ["GET", "/requests/sum", "POST"],
    ["DELETE", "/requests/sum", "POST"],
    ["POST", "/status/x", "GET, HEAD, DELETE"],
    ["PUT", "/replies", "POST"],
    ["POST", "/health", "GET, HEAD"],
  ])("uses a wrong method, %s %s: 405, with Allow", async (method, path, allow) => {
    const response = await call(path, { method });
    expect(await problemOf(response)).toMatchObject({ status: 405, code: "METHOD_NOT_ALLOWED" });
    expect(response.headers.get("allow")).toBe(allow);
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])(
    "has content type %s: 415",
    async (contentType) => {
      expect(await problemOf(await post("sum", { a: 2, b: 3 }, { "content-type": contentType }))).toMatchObject({
        status: 415,
        code: "UNSUPPORTED_MEDIA_TYPE",
      });
    },
  );

  test("is over 1 MiB: 413", async () => {
    expect(await problemOf(await post("echo", "x".repeat(1024 * 1024)))).toMatchObject({
      status: 413,
      code: "BODY_TOO_LARGE",
      maxBytes: 1024 * 1024,
    });
  });

  test("is over 1 MiB and does not say so: 413 without reading all of it", async () => {
    let sent = 0;
    const chunk = new Uint8Array(64 * 1024).fill(0x20);
    const body = new ReadableStream({
      pull(controller) {
        sent += chunk.length;
        if (sent > 64 * 1024 * 1024) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const response = await call("/requests/echo", { method: "POST", headers: { "content-type": "application/json" }, body });
    expect(await problemOf(response)).toMatchObject({ status: 413, code: "BODY_TOO_LARGE" });
    expect(sent).toBeLessThan(4 * 1024 * 1024);
  });

  test("goes to a path where there is nothing: 404", async () => {
    expect(await problemOf(await call("/nowhere"))).toMatchObject({ status: 404, code: "NOT_FOUND" });
  });
});
