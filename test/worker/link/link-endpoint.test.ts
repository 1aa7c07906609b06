import { describe, expect, test } from "vitest";
import { MAX_BATCH_BYTES } from "../../../protocol/limits.ts";
import { createReplyEvent } from "../../../protocol/reply-event.ts";
import { batchOf, HELLO, openLink } from "../support/links.ts";
import { replyTo } from "../support/replies.ts";
import { call, createId, post } from "../support/worker.ts";

const statusOf = async (id: string) => (await call(`/status/${id}`)).json<{ state: string; version: number }>();

describe("a batch of replies on a link", () => {
  test("is stored, and each reply has its outcome", async () => {
    const { text } = await createId();
    const link = await openLink();
    link.send(batchOf(1, replyTo(text), replyTo(text), replyTo("A".repeat(63))));
    expect(await link.nextFrame()).toEqual({ type: "results", batch: 1, outcomes: ["stored", "duplicate", "unknown"] });
    expect(await statusOf(text)).toMatchObject({ state: "succeeded", version: 1 });
    link.close();
  });

  test("wakes the caller who waits", async () => {
    const { text } = await createId();
    const waiting = call(`/status/${text}`, { headers: { prefer: "wait=20" } });
    const link = await openLink();
    link.send(batchOf(1, replyTo(text, { data: { sum: 7 } })));
    expect(await (await waiting).json()).toMatchObject({ state: "succeeded", reply: { sum: 7 } });
    link.close();
  });

  test("may be empty", async () => {
    const link = await openLink();
    link.send(batchOf(0));
    expect(await link.nextFrame()).toEqual({ type: "results", batch: 0, outcomes: [] });
    link.close();
  });

  test("that is sent again on another link is a duplicate, and changes nothing", async () => {
    const { text } = await createId();
    const reply = replyTo(text);
    for (const outcome of ["stored", "duplicate"]) {
      const link = await openLink();
      link.send(batchOf(1, reply));
      expect(await link.nextFrame()).toMatchObject({ outcomes: [outcome] });
      link.close();
    }
    expect(await statusOf(text)).toMatchObject({ version: 1 });
  });

  test("is stored after the one before it, and answered after it", async () => {
    const { text } = await createId();
    const link = await openLink();
    link.send(batchOf(1, replyTo(text, { state: "processing", attempt: 1, data: undefined })));
    link.send(batchOf(2, replyTo(text, { state: "processing", attempt: 2, data: undefined })));
    link.send(batchOf(3, replyTo(text)));
    for (const batch of [1, 2, 3]) expect(await link.nextFrame()).toEqual({ type: "results", batch, outcomes: ["stored"] });
    expect(await statusOf(text)).toMatchObject({ state: "succeeded", version: 3 });
    link.close();
  });

  test("with replies to requests that another environment accepted stores none of those", async () => {
    const { text } = await createId();
    const forged = `${text.slice(0, -2)}${text.endsWith("AA") ? "BB" : "AA"}`;
    const link = await openLink();
    link.send(batchOf(1, replyTo(forged), replyTo(text)));
    expect(await link.nextFrame()).toMatchObject({ outcomes: ["unknown", "stored"] });
    link.close();
  });

  const good = createReplyEvent(replyTo("A".repeat(63)));
  test.each([
    ["an event that is no reply", [{ ...good, type: "sum" }], "INVALID_BATCH", "attribute type"],
    ["something that is no event", [1], "INVALID_BATCH", "CloudEvent"],
    ["a reply of another shard", [createReplyEvent(replyTo(`AAAC${"A".repeat(59)}`))], "INVALID_BATCH", "of shard 2"],
    ["more than 500 replies", Array.from({ length: 501 }, () => good), "BODY_TOO_LARGE", "500"],
    ["a reply of more than 1 MiB", "x".repeat(1024 * 1024), "BODY_TOO_LARGE", "each reply"],
  ])("with %s is refused as a whole, and the link stays open", async (_, replies, code, reason) => {
    const { text } = await createId();
    const link = await openLink();
    const events = typeof replies === "string" ? [createReplyEvent(replyTo(text, { data: replies }))] : replies;
    link.send({ type: "replies", batch: 1, replies: [createReplyEvent(replyTo(text)), ...events] });
    expect(await link.nextFrame()).toEqual({ type: "refused", batch: 1, code, reason: expect.stringContaining(reason) });
    expect(await statusOf(text)).toMatchObject({ state: "accepted" });
    link.send(batchOf(1, replyTo(text)));
    expect(await link.nextFrame()).toMatchObject({ outcomes: ["stored"] });
    link.close();
  });

  test("of 8 MiB passes", async () => {
    const link = await openLink();
    const ids = await Promise.all(Array.from({ length: 8 }, () => createId()));
    const frame = JSON.stringify(batchOf(1, ...ids.map(({ text }) => replyTo(text, { data: "x".repeat(1024 * 1024 - 400) }))));
    expect(frame.length).toBeGreaterThan(MAX_BATCH_BYTES - 8 * 400);
    link.send(frame);
    expect(await link.nextFrame()).toMatchObject({ outcomes: ids.map(() => "stored") });
    link.close();
  });
});

describe("a link is closed", () => {
  test.each([
    ["for a frame of bytes", new Uint8Array([1, 2, 3]), 1_003, "got one of bytes"],
    ["for half a JSON", '{"type":"replies","batch":1,"rep', 1_007, "a JSON object"],
    ["for JSON that is no frame", '{"type":"replies","batch":-1,"replies":[]}', 1_007, "a frame of hello"],
    ["for a second hello", HELLO, 1_008, "one hello"],
    ["for a frame of 9 MiB", `"${"x".repeat(9 * 1024 * 1024)}"`, 1_009, "at most"],
    ["for 3 million characters of 3 bytes", `"${"\u20ac".repeat(3_000_000)}"`, 1_009, "at most"],
  ])("%s, with the reason; what came before is stored", async (_, frame, code, reason) => {
    const { text } = await createId();
    const link = await openLink();
    link.send(batchOf(1, replyTo(text)));
    await link.next();
    link.send(frame);
    link.send(batchOf(2));
    expect(await link.closed).toEqual({ code, reason: expect.stringContaining(reason) });
    expect(await statusOf(text)).toMatchObject({ state: "succeeded" });
  });

  test("for replies before a hello, and stores nothing of them", async () => {
    const { text } = await createId();
    const link = await openLink({ hello: null });
    link.send(batchOf(1, replyTo(text)));
    expect(await link.closed).toEqual({ code: 1_008, reason: "Expected one hello, as the first frame." });
    expect(await statusOf(text)).toMatchObject({ state: "accepted" });
  });

  test("by its consumer, and what that had sent is stored", async () => {
    const response = await post("sum", { a: 2, b: 3 });
    const { correlationId } = await response.json<{ correlationId: string }>();
    const waiting = call(`/status/${correlationId}`, { headers: { prefer: "wait=20" } });
    const link = await openLink();
    link.send(batchOf(1, replyTo(correlationId)));
    link.close();
    expect((await link.closed).code).toBe(1_001);
    expect(await (await waiting).json()).toMatchObject({ state: "succeeded" });
  });

  test("after pings were answered, however many", async () => {
    const link = await openLink({ hello: null });
    for (let ping = 0; ping < 100; ping++) link.send("ping");
    for (let ping = 0; ping < 100; ping++) expect(await link.next()).toBe("pong");
    link.close();
    expect((await link.closed).code).toBe(1_001);
  });
});
