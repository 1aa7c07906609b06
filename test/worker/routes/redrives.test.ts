import { describe, expect, test } from "vitest";
import type { StatusBody } from "../../../protocol/status.ts";
import { deliver, outcomesOf, replyTo } from "../support/replies.ts";
import { redrive, signedPost } from "../support/redrives.ts";
import { createTraceparent, headersOf } from "../support/requests.ts";
import { as } from "../support/tokens.ts";
import { call, createId, post } from "../support/worker.ts";

const data = { a: 2, b: 3 };
const problem = { type: "about:blank", title: "It failed", status: 500, code: "HANDLER_FAILED" };
const failed = (id: string) => replyTo(id, { state: "failed", data: problem, attempt: 3 });
const statusOf = async (id: string) => (await call(`/status/${id}`)).json<StatusBody>();
const codeOf = async (response: Response) => [response.status, (await response.json<{ code: string }>()).code];

describe("a request that has failed, sent again", () => {
  test("before its deadline is the same request, whose status begins anew", async () => {
    const { text } = await createId();
    const end = failed(text);
    await deliver([replyTo(text, { state: "processing", emitted: { execution: "run", first: 0 }, data: [1] }), end]);
    const traceparent = createTraceparent();
    const response = await redrive({ correlationId: text, operation: "sum", data, traceparent });
    expect([response.status, response.headers.get("location"), response.headers.get("retry-after")]).toEqual([202, `/status/${text}`, "1"]);
    const begun = await response.json<StatusBody>();
    expect(begun).toMatchObject({ correlationId: text, state: "accepted", version: 3, operation: "sum" });
    expect(begun).toEqual(await statusOf(text));
    for (const member of ["error", "attempt", "chunks"]) expect(begun).not.toHaveProperty(member);
    const headers = await headersOf(traceparent);
    expect([headers.get("ce_correlationid"), headers.get("ce_causationid")]).toEqual([text, undefined]);
    expect(headers.get("ce_expirytime")).toBe(begun.deadline);
    // The consumer had not heard that its first reply was stored.
    expect(await outcomesOf(await deliver([end, replyTo(text)]))).toEqual(["duplicate", "stored"]);
    expect(await statusOf(text)).toMatchObject({ state: "succeeded", version: 4, reply: { sum: 5 } });
  });

  test("after its deadline is a new request that names it, and its status names the new one", async () => {
    const { text } = await createId({ agoMs: 40_000 });
    await deliver([failed(text)]);
    const traceparent = createTraceparent();
    const response = await redrive({ correlationId: text, operation: "sum", data, traceparent });
    const begun = await response.json<StatusBody>();
    expect([response.status, response.headers.get("location")]).toEqual([202, `/status/${begun.correlationId}`]);
    expect(begun).toMatchObject({ state: "accepted", version: 0 });
    expect(begun.correlationId).not.toBe(text);
    const headers = await headersOf(traceparent);
    expect([headers.get("ce_correlationid"), headers.get("ce_causationid")]).toEqual([begun.correlationId, text]);
    expect(await statusOf(text)).toMatchObject({ state: "failed", version: 2, error: problem, redrivenAs: begun.correlationId });
    const again = await redrive({ correlationId: text, operation: "sum", data });
    expect([again.status, await again.json()]).toEqual([
      409,
      expect.objectContaining({ code: "ALREADY_REDRIVEN", redrivenAs: begun.correlationId }),
    ]);
  });

  test("keeps whoever sent it, whose it still is, and nobody who was made up", async () => {
    const [sent, again] = [createTraceparent(), createTraceparent()];
    const ada = await as("ada");
    const { correlationId } = await (await post("sum", data, { ...ada, traceparent: sent })).json<StatusBody>();
    const before = await headersOf(sent);
    const caller = Object.fromEntries(
      ["authtype", "authid", "authclaims", "authsignature"].map((name) => [name, before.get(`ce_${name}`)]),
    );
    await deliver([failed(correlationId)]);
    const request = { correlationId, operation: "sum", data };
    const forged = await redrive({ ...request, ...caller, authid: "eve" });
    expect(await codeOf(forged)).toEqual([400, "INVALID_REDRIVE"]);
    expect((await redrive({ ...request, ...caller, traceparent: again })).status).toBe(202);
    const after = await headersOf(again);
    expect([after.get("ce_authtype"), after.get("ce_authid")]).toEqual(["user", "ada"]);
    expect(after.get("ce_authclaims")).toBe(before.get("ce_authclaims"));
    expect(await codeOf(await call(`/status/${correlationId}`))).toEqual([404, "UNKNOWN_CORRELATION_ID"]);
    expect((await call(`/status/${correlationId}`, { headers: ada })).status).toBe(202);
  });

  test("after it has expired without a reply is a new request too", async () => {
    const { text } = await createId({ agoMs: 100_000 });
    const response = await redrive({ correlationId: text, operation: "sum", data });
    const { correlationId } = await response.json<StatusBody>();
    expect([response.status, await statusOf(text)]).toEqual([
      202,
      expect.objectContaining({ state: "expired", redrivenAs: correlationId }),
    ]);
  });

  test("when nobody remembers it any more is a new request too", async () => {
    const { text } = await createId({ agoMs: 3_700_000 });
    const response = await redrive({ correlationId: text, operation: "sum", data });
    const { correlationId } = await response.json<StatusBody>();
    expect([response.status, correlationId === text]).toEqual([202, false]);
    expect(await statusOf(correlationId)).toMatchObject({ state: "accepted" });
  });

  test("by several at once is sent once", async () => {
    const { text } = await createId({ agoMs: 40_000 });
    await deliver([failed(text)]);
    const responses = await Promise.all([1, 2, 3].map(() => redrive({ correlationId: text, operation: "sum", data })));
    expect(responses.map(({ status }) => status).toSorted()).toEqual([202, 409, 409]);
  });
});

describe("a redrive is refused", () => {
  test("of a request that has not ended: 409, since its consumer may still reply", async () => {
    const { text } = await createId();
    const body = { correlationId: text, operation: "sum", data };
    const accepted = await redrive(body);
    expect([accepted.status, await accepted.json()]).toEqual([409, expect.objectContaining({ code: "NOT_ENDED", state: "accepted" })]);
    await deliver([replyTo(text, { state: "processing", attempt: 1, data: undefined })]);
    expect(await (await redrive(body)).json()).toMatchObject({ code: "NOT_ENDED", state: "processing" });
  });

  test.each([
    ["succeeded", "since its caller has a reply", { sum: 5 }],
    ["cancelled", "since its caller did not want one any more", undefined],
  ] as const)("of a request that has %s: 409, %s", async (state, _, reply) => {
    const { text } = await createId();
    await deliver([replyTo(text, { state, data: reply })]);
    const response = await redrive({ correlationId: text, operation: "sum", data });
    expect([response.status, await response.json()]).toEqual([409, expect.objectContaining({ code: "ALREADY_ENDED", state })]);
    expect(await statusOf(text)).toMatchObject({ state, version: 1 });
  });

  test.each([
    ["of an ID that this Worker did not make", { correlationId: "A".repeat(63), operation: "sum", data }, 404, "UNKNOWN_CORRELATION_ID"],
    ["of an operation that there is not", { correlationId: "x", operation: "nothing", data }, 404, "UNKNOWN_OPERATION"],
    ["with data that does not fit the operation", { correlationId: "x", operation: "sum", data: { a: 1 } }, 422, "INVALID_REQUEST"],
    ["without data", { correlationId: "x", operation: "sum" }, 400, "INVALID_REDRIVE"],
    ["without an ID", { operation: "sum", data }, 400, "INVALID_REDRIVE"],
    ["without an operation", { correlationId: "x", data }, 400, "INVALID_REDRIVE"],
    ["with a trace that is no text", { correlationId: "x", operation: "sum", data, traceparent: 1 }, 400, "INVALID_REDRIVE"],
  ])("%s", async (_, body, status, code) => {
    expect(await codeOf(await redrive(body))).toEqual([status, code]);
  });

  test("that is signed with another secret, or not at all: 401, and nothing is sent", async () => {
    const { text } = await createId();
    await deliver([failed(text)]);
    const body = { correlationId: text, operation: "sum", data };
    const forged = await signedPost(body, { secret: "whsec_d3JvbmctLXNlY3JldC13cm9uZy0tc2VjcmV0" });
    expect(await codeOf(await call("/redrives", forged))).toEqual([401, "UNAUTHORIZED"]);
    expect(await codeOf(await call("/redrives", { method: "POST", body: JSON.stringify(body) }))).toEqual([401, "UNAUTHORIZED"]);
    expect(await statusOf(text)).toMatchObject({ state: "failed", version: 1 });
  });
});
