import { describe, expect, test } from "vitest";
import type { Reply } from "../../../protocol/reply-event.ts";
import type { StatusBody } from "../../../protocol/status.ts";
import { createStatusEvents } from "../../../worker/routes/status-events.ts";
import type { ReadResult } from "../../../worker/status-store.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { readEvents } from "../support/events.ts";
import { deliver, replyTo } from "../support/replies.ts";
import { call, createId, idsAt } from "../support/worker.ts";

const ask = (id: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  call(`/status/${id}`, { ...init, headers: { accept: "text/event-stream", ...headers } });

/** Follows a status from where its reader was. */
const follow = async (id: string, lastEventId?: string) =>
  readEvents(await ask(id, lastEventId === undefined ? {} : { "last-event-id": lastEventId }));

const processing = (id: string, overrides: Partial<Reply>) => replyTo(id, { state: "processing", data: undefined, ...overrides });
const emitting = (id: string, execution: string, first: number, ...data: unknown[]) =>
  processing(id, { data, emitted: { execution, first } });

const RETRY = { retry: "1000" };
const status = (id: string, data: Partial<StatusBody>) => ({ id, event: "status", data: expect.objectContaining(data) as unknown });

describe("an event stream", () => {
  test("tells each state, how far the handler is, and what it emits, until the request has ended", async () => {
    const { text } = await createId();
    const events = await follow(text);
    expect(await events.next()).toEqual(RETRY);
    expect(await events.next()).toEqual(status("0", { correlationId: text, state: "accepted" }));

    await deliver([processing(text, { attempt: 1 })]);
    expect(await events.next()).toEqual(status("1", { state: "processing", attempt: 1 }));
    await deliver([processing(text, { attempt: 1, data: { progress: { percent: 40 } } })]);
    expect(await events.next()).toEqual({ id: "2", event: "progress", data: { percent: 40 } });
    await deliver([emitting(text, "run-1", 0, "a", { b: "\n" })]);
    expect(await events.next()).toEqual({ id: "3.1", event: "chunk", data: "a" });
    expect(await events.next()).toEqual({ id: "3", event: "chunk", data: { b: "\n" } });
    await deliver([emitting(text, "run-2", 0, "c")]);
    expect(await events.next()).toEqual({ id: "4.0", event: "reset", data: {} });
    expect(await events.next()).toEqual({ id: "4", event: "chunk", data: "c" });
    await deliver([replyTo(text)]);
    const end = await events.next();
    expect(end).toEqual(status("5", { state: "succeeded", reply: { sum: 5 }, progress: { percent: 40 } }));
    expect(end?.data).not.toHaveProperty("chunks");
    expect(await events.next()).toBeUndefined();
  });

  test("is one that neither a cache nor a proxy holds back", async () => {
    const { text } = await createId();
    const response = await ask(text);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
      vary: expect.stringContaining("Accept") as string,
    });
    expect(response.headers.get("content-encoding")).toBeNull();
    await response.body?.cancel();
  });

  test("goes on exactly after the event that its reader had last, and is over for who had the end", async () => {
    const { text } = await createId();
    await deliver([emitting(text, "run-1", 0, "a", "b"), emitting(text, "run-1", 2, "c"), replyTo(text)]);
    const all = await (await follow(text)).rest();
    expect(all).toEqual([
      RETRY,
      { id: "1.1", event: "chunk", data: "a" },
      { id: "1", event: "chunk", data: "b" },
      { id: "2", event: "chunk", data: "c" },
      status("3", { state: "succeeded" }),
    ]);
    for (const [index, { id }] of all.entries()) {
      const response = await ask(text, { "last-event-id": id ?? "" });
      if (index === all.length - 1) expect([response.status, await response.text()]).toEqual([204, ""]);
      else expect((await readEvents(response).rest()).slice(1)).toEqual(all.slice(index + 1));
    }
  });

  test.each(["", "nonsense", "1.x", "-1", "1e3", "3.1.1"])("begins anew for the last event ID %j, which it never sent", async (id) => {
    const { text } = await createId();
    await deliver([emitting(text, "run-1", 0, "a"), replyTo(text)]);
    const events = (await (await follow(text, id)).rest()).slice(1);
    expect(events).toEqual([{ id: "1", event: "chunk", data: "a" }, status("2", { state: "succeeded" })]);
  });

  test("begins anew after a reset for a last event ID of a version that is yet to come", async () => {
    const { text } = await createId();
    await deliver([emitting(text, "run-1", 0, "a"), replyTo(text)]);
    const events = (await (await follow(text, "99")).rest()).slice(1);
    expect(events.map(({ id, event }) => [id, event])).toEqual([
      ["1.0", "reset"],
      ["1", "chunk"],
      ["2", "status"],
    ]);
  });

  test("tells a late reply to who had seen the request expire", async () => {
    const { text } = await createId({ agoMs: 100_000 });
    expect((await (await follow(text)).rest())[1]).toEqual(status("1", { state: "expired" }));
    await deliver([replyTo(text)]);
    const events = await (await follow(text, "1")).rest();
    expect(events[1]).toEqual(status("2", { state: "expired", lateReply: expect.objectContaining({ reply: { sum: 5 } }) as never }));
  });

  test("waits for nothing that Prefer and If-None-Match say", async () => {
    const { text } = await createId();
    await deliver([replyTo(text)]);
    expect((await ask(text, { "if-none-match": '"1"', prefer: "wait=20" })).status).toBe(200);
  });

  test("of which only the head is asked is not begun", async () => {
    const { text } = await createId();
    const response = await ask(text, {}, { method: "HEAD" });
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([200, "text/event-stream", ""]);
    expect(await host.waiting(0)).toBe(0);
  });

  test("is for those who ask for it, among others or alone", async () => {
    const { text } = await createId();
    const typeOf = async (accept: string) => {
      const response = await call(`/status/${text}`, { headers: { accept } });
      await response.body?.cancel();
      return response.headers.get("content-type");
    };
    expect(await typeOf("application/json, Text/Event-Stream;q=0.9")).toBe("text/event-stream");
    for (const accept of ["*/*", "text/*", "application/json", ""]) expect(await typeOf(accept)).toBe("application/json");
  });

  test("is allowed to other pages, as is the header by which it goes on", async () => {
    const { text } = await createId();
    const origin = "https://app.example";
    const response = await ask(text, { origin });
    expect(response.headers.get("access-control-allow-origin")).toBe(origin);
    await response.body?.cancel();
    const preflight = await call(`/status/${text}`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "GET", "access-control-request-headers": "last-event-id" },
    });
    expect(preflight.headers.get("access-control-allow-headers")).toContain("Last-Event-ID");
  });
});

describe("instead of an event stream there is a problem", () => {
  const codeOf = async (response: Response) => [response.status, (await response.json<{ code: string }>()).code];

  test("for an ID that nobody made", async () => {
    expect(await codeOf(await ask("A".repeat(63)))).toEqual([404, "UNKNOWN_CORRELATION_ID"]);
  });

  test("for a status that is gone", async () => {
    const { text } = await idsAt(() => Date.now() - 3_600_000).create({ shard: 0, deadlineSeconds: 30, retentionSeconds: 3_600 });
    expect(await codeOf(await ask(text))).toEqual([410, "STATUS_GONE"]);
  });
});

/** The stream of a request whose status the test says, reading by reading. Each wait takes as long as it may, unless told otherwise. */
const openScripted = async (script: readonly (ReadResult | "unchanged" | "ended early" | Error)[]) => {
  const id = await createId();
  let now = id.createdAt;
  let last: ReadResult;
  const left = [...script];
  const openStream = createStatusEvents({
    now: () => now,
    statuses: {
      readChunks: async () => [],
      async read(_key, waitMs) {
        if (waitMs === 0) return last;
        const next = left.length === 0 ? "overloaded" : left.shift();
        if (next !== "ended early") now += waitMs;
        if (next instanceof Error) throw next;
        if (next !== "unchanged" && next !== "ended early") last = next;
        return next === "overloaded" ? next : last;
      },
    },
  });
  const events = await readEvents(await openStream(id, undefined)).rest();
  return { events: events.slice(2), waitedMs: now - id.createdAt };
};

describe("an event stream", () => {
  test("says at least every 15 seconds that it is alive", async () => {
    const { events, waitedMs } = await openScripted(["unchanged", "unchanged"]);
    expect(events.slice(0, 2)).toEqual([{ comment: "keep-alive" }, { comment: "keep-alive" }]);
    expect(waitedMs / 3).toBeLessThanOrEqual(15_000);
  });

  test("ends when too many wait, and says to come back later", async () => {
    expect((await openScripted([])).events).toEqual([{ retry: "5000" }]);
  });

  test("ends when its status cannot be read, so that its reader comes back", async () => {
    expect((await openScripted(["unchanged", new Error("The mailbox was reset.")])).events).toEqual([{ comment: "keep-alive" }]);
  });

  test("ends when waits end before their time, as they do when the Worker ends", async () => {
    expect((await openScripted(["ended early", "unchanged"])).events).toEqual([]);
  });

  test("ends before its request has made too many calls of the mailbox, so that its reader comes back", async () => {
    const { events } = await openScripted(Array.from({ length: 2_000 }, () => "unchanged" as const));
    expect(events.length).toBeGreaterThan(100);
    expect(events.length).toBeLessThanOrEqual(500);
  });

  test("ends when the status is gone", async () => {
    const hour = 3_600_000 / 15_000;
    expect((await openScripted(Array.from({ length: 400 }, () => "unchanged" as const))).events).toHaveLength(hour);
  });
});
