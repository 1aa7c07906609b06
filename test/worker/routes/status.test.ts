import { describe, expect, test } from "vitest";
import type { StatusBody } from "../../../protocol/status.ts";
import { createCorrelationIds } from "../../../worker/correlation-id.ts";
import { deliver, outcomesOf, replyTo } from "../support/replies.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { call, createId, idsAt } from "../support/worker.ts";

const statusOf = (id: string, headers: Record<string, string> = {}) => call(`/status/${id}`, { headers });
const codeOf = async (response: Response) => [response.status, (await response.json<{ code: string }>()).code];

describe("a status", () => {
  test("of a pending request is 202 with a time to come back", async () => {
    const { text } = await createId();
    const response = await statusOf(text);
    expect([response.status, response.headers.get("retry-after")]).toEqual([202, "1"]);
    expect(await response.json<StatusBody>()).toMatchObject({ correlationId: text, state: "accepted", version: 0 });
  });

  test("shows processing, then the reply, with one version more each", async () => {
    const { text } = await createId();
    await deliver([replyTo(text, { state: "processing", attempt: 1, data: undefined })]);
    const pending = await statusOf(text);
    expect(pending.status).toBe(202);
    expect(await pending.json()).toMatchObject({ state: "processing", version: 1, attempt: 1, operation: "sum" });
    await deliver([replyTo(text)]);
    const done = await statusOf(text);
    expect([done.status, done.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(await done.json()).toMatchObject({ state: "succeeded", version: 2, reply: { sum: 5 } });
  });

  test("shows a reply that is null as null", async () => {
    const { text } = await createId();
    await deliver([replyTo(text, { operation: "echo", data: null })]);
    expect(await (await statusOf(text)).json()).toMatchObject({ state: "succeeded", reply: null });
  });

  test.each(["failed", "cancelled", "expired"] as const)("in the terminal state %s is 200 with the problem as error", async (state) => {
    const { text } = await createId();
    const error = { type: "about:blank", title: "So it ended", status: 500, code: "ENDED" };
    await deliver([replyTo(text, { state, data: error })]);
    const response = await statusOf(text);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ state, error });
  });

  test.each([
    ["reply", { state: "succeeded", data: { sum: 5 } }, { sum: 5 }],
    ["error", { state: "failed", data: { type: "about:blank", title: "T", status: 500, code: "C" } }, { code: "C" }],
  ] as const)(
    "of a request whose deadline is long past is expired and stays so, and shows a late %s beside it as a new version",
    async (member, overrides, value) => {
      const { text } = await createId({ agoMs: 100_000 });
      const expired = await statusOf(text);
      const etag = expired.headers.get("etag") ?? "";
      expect(expired.status).toBe(200);
      expect(await expired.json()).toMatchObject({ state: "expired", version: 1, error: { code: "DEADLINE_EXCEEDED", status: 504 } });
      expect(await outcomesOf(await deliver([replyTo(text, overrides), replyTo(text, { data: { sum: 6 } })]))).toEqual(["late", "late"]);
      const late = await statusOf(text, { "if-none-match": etag });
      expect([late.status, late.headers.get("etag")]).toEqual([200, '"2"']);
      const body = await late.json<StatusBody>();
      expect(body).toMatchObject({ state: "expired", version: 2, error: { code: "DEADLINE_EXCEEDED" } });
      expect(body.lateReply).toEqual({
        state: overrides.state,
        receivedAt: body.updatedAt,
        [member]: expect.objectContaining(value) as object,
      });
    },
  );

  test("that somebody waits for comes with the reply", async () => {
    const id = await createId();
    const waiting = statusOf(id.text, { prefer: "wait=20" });
    while ((await host.waiting(id.shard)) === 0);
    await deliver([replyTo(id.text)]);
    const response = await waiting;
    expect([response.status, response.headers.get("preference-applied")]).toEqual([200, "wait=20"]);
    expect(await response.json()).toMatchObject({ state: "succeeded", reply: { sum: 5 } });
  });

  test("that somebody who knows the version waits for comes with the next state", async () => {
    const id = await createId();
    const waiting = statusOf(id.text, { prefer: "wait=20", "if-none-match": '"0"' });
    while ((await host.waiting(id.shard)) === 0);
    await deliver([replyTo(id.text, { state: "processing", attempt: 1, data: undefined })]);
    const response = await waiting;
    expect([response.status, response.headers.get("etag")]).toEqual([202, '"1"']);
    expect(await response.json()).toMatchObject({ state: "processing", version: 1 });
  });

  test.each(['"0"', 'W/"0"', '"7", "0"'])("that is known, by If-None-Match: %s, is 304 without a body", async (known) => {
    const { text } = await createId();
    const response = await statusOf(text, { "if-none-match": known });
    expect([response.status, response.headers.get("etag"), response.headers.get("retry-after")]).toEqual([304, '"0"', "1"]);
    expect(await response.text()).toBe("");
  });

  test("that has ended is 304 too when it is known, and leaves nothing to come back for", async () => {
    const { text } = await createId();
    await deliver([replyTo(text)]);
    const response = await statusOf(text, { "if-none-match": '"1"', prefer: "wait=20" });
    expect([response.status, response.headers.get("retry-after")]).toEqual([304, null]);
  });

  test.each(['"1"', '"00"', "0", "*", '"a"'])("is told whole to somebody who knows something else, If-None-Match: %s", async (known) => {
    const { text } = await createId();
    const response = await statusOf(text, { "if-none-match": known });
    expect([response.status, response.headers.get("etag")]).toEqual([202, '"0"']);
  });

  test("shows how far the handler is, why its last attempt failed and when the next one begins, until it has ended", async () => {
    const { text } = await createId();
    const lastError = { type: "about:blank", title: "Busy", status: 503, code: "BUSY" };
    const nextAttemptAt = "2026-06-01T12:00:00.000Z";
    await deliver([replyTo(text, { state: "processing", attempt: 2, data: { progress: { percent: 40 }, lastError, nextAttemptAt } })]);
    expect(await (await statusOf(text)).json()).toMatchObject({
      ...{ state: "processing", attempt: 2, progress: { percent: 40 }, lastError, nextAttemptAt },
    });
    await deliver([replyTo(text, { state: "processing", attempt: 2, data: {} }), replyTo(text)]);
    const ended = await (await statusOf(text)).json<StatusBody>();
    expect(ended).toMatchObject({ state: "succeeded", version: 3, progress: { percent: 40 }, reply: { sum: 5 } });
    expect(ended.nextAttemptAt).toBeUndefined();
  });

  test("shows all that the handler has emitted, or what comes after what the caller has", async () => {
    const { text } = await createId();
    const emitted = (first: number, data: readonly unknown[]) =>
      replyTo(text, { state: "processing", emitted: { execution: "run", first }, data });
    await deliver([emitted(0, ["one", { two: 2 }]), emitted(2, [3])]);
    const whole = await statusOf(text);
    expect([whole.headers.get("etag"), await whole.json()]).toEqual(['"2"', expect.objectContaining({ chunks: ["one", { two: 2 }, 3] })]);
    for (const [from, chunks, chunksFrom] of [
      [0, ["one", { two: 2 }, 3], undefined],
      [2, [3], 2],
      [7, [], 3],
    ] as const) {
      const body = await (await statusOf(`${text}?chunks-from=${from}`)).json<StatusBody>();
      expect([body.chunks, body.chunksFrom]).toEqual([chunks, chunksFrom]);
    }
    await deliver([replyTo(text)]);
    expect(await (await statusOf(text)).json()).toMatchObject({ state: "succeeded", version: 3, chunks: ["one", { two: 2 }, 3] });
  });

  test.each(["-1", "1.5", "x", "", "1e3"])("is refused to somebody who asks for chunks-from=%s: 400", async (from) => {
    const { text } = await createId();
    expect(await codeOf(await statusOf(`${text}?chunks-from=${from}`))).toEqual([400, "INVALID_QUERY"]);
  });

  test("past its retention is gone, from the ID alone", async () => {
    const { text } = await createId({ agoMs: 3_600_001, shard: 60_000 });
    expect(await codeOf(await statusOf(text))).toEqual([410, "STATUS_GONE"]);
  });

  test("of anything that this Worker did not make is 404", async () => {
    const { text } = await createId({ shard: 60_001 });
    const foreign = await createCorrelationIds({
      secrets: [{ number: 2, secret: "x".repeat(40) }],
      environment: "development",
      ...host.ids,
    }).create({
      shard: 60_001,
      deadlineSeconds: 30,
      retentionSeconds: 3_600,
    });
    const notMine = await idsAt().create({ shard: 60_001, deadlineSeconds: 30, retentionSeconds: 3_600, owner: "0123456789ab" });
    const forged = text.slice(0, 20) + (text[20] === "A" ? "B" : "A") + text.slice(21);
    for (const id of [foreign.text, notMine.text, forged, text.slice(0, 62), `${text}=`, "nothing", "%00", "..%2f"]) {
      expect(await codeOf(await statusOf(id))).toEqual([404, "UNKNOWN_CORRELATION_ID"]);
    }
  });
});

describe("a request that somebody wants to cancel", () => {
  const cancel = (id: string) => call(`/status/${id}`, { method: "DELETE" });

  test("is cancelling, however often they say so, until its consumer says how it ended", async () => {
    const { text } = await createId();
    for (const version of [1, 1]) {
      const response = await cancel(text);
      expect([response.status, response.headers.get("retry-after")]).toEqual([202, "1"]);
      expect(await response.json()).toMatchObject({ correlationId: text, state: "cancelling", version });
    }
    await deliver([replyTo(text, { state: "cancelled", data: undefined })]);
    expect(await (await statusOf(text)).json()).toMatchObject({
      state: "cancelled",
      version: 2,
      error: { code: "CANCELLED", status: 409 },
    });
  });

  test("ends in whatever its consumer says, also in a reply", async () => {
    const { text } = await createId();
    await cancel(text);
    await deliver([replyTo(text, { state: "processing", attempt: 1, data: undefined }), replyTo(text)]);
    expect(await (await statusOf(text)).json()).toMatchObject({ state: "succeeded", version: 3 });
  });

  test("and has ended is 409, with its state", async () => {
    const { text } = await createId();
    await deliver([replyTo(text)]);
    const response = await cancel(text);
    expect([response.status, await response.json()]).toEqual([409, expect.objectContaining({ code: "ALREADY_ENDED", state: "succeeded" })]);
  });

  test("and is past its deadline by more than a minute has expired: 409", async () => {
    const { text } = await createId({ agoMs: 100_000 });
    const response = await cancel(text);
    expect([response.status, await response.json()]).toEqual([409, expect.objectContaining({ code: "ALREADY_ENDED", state: "expired" })]);
  });

  test("and that nobody knows is 404, and one past its retention 410", async () => {
    const gone = await createId({ agoMs: 3_600_001 });
    expect(await codeOf(await cancel("A".repeat(63)))).toEqual([404, "UNKNOWN_CORRELATION_ID"]);
    expect(await codeOf(await cancel(gone.text))).toEqual([410, "STATUS_GONE"]);
  });
});
