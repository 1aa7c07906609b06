import { describe, expect, test } from "vitest";
import { RejoinderError } from "../../../protocol/errors.ts";
import type { CancelFrame } from "../../../protocol/link.ts";
import { MAX_BATCH_BYTES } from "../../../protocol/limits.ts";
import { createReplyEvent, type Outcome, type Reply } from "../../../protocol/reply-event.ts";
import { createLinkEndpoint, type LinkSocket } from "../../../worker/link/link-endpoint.ts";
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

/** An endpoint whose storage a test drives by hand, and what it does with one socket. */
const createTestEndpoint = (openCancellations: readonly string[] = []) => {
  const batches: { replies: readonly Reply[]; resolve(outcomes: Outcome[]): void; reject(error: unknown): void }[] = [];
  const sent: unknown[] = [];
  const closed: { code: number; reason: string }[] = [];
  const logged: string[] = [];
  const socket: LinkSocket = {
    shard: 0,
    consumer: undefined,
    send: (text) => void sent.push(JSON.parse(text)),
    close: (code, reason) => void closed.push({ code, reason }),
  };
  const endpoint = createLinkEndpoint({
    operations: ["sum"],
    shards: 1,
    openCancellations: () => openCancellations,
    now: () => 1_700_000_000_000,
    intake: (replies) => new Promise((resolve, reject) => batches.push({ replies, resolve, reject })),
    warn: (message) => logged.push(message),
    logError: (message) => logged.push(message),
  });
  return { endpoint, socket, batches, sent, closed, logged };
};
const OF_SHARD_0 = "A".repeat(63);
const OF_SHARD_2 = `AAAC${"A".repeat(59)}`;
const text = (...frame: Parameters<typeof batchOf>) => JSON.stringify(batchOf(...frame));

describe("the mailbox's end of a link", () => {
  test("takes four batches without having answered one, and closes the link for a fifth", async () => {
    const { endpoint, socket, batches, sent, closed, logged } = createTestEndpoint();
    const link = endpoint.open(socket);
    await link.message(JSON.stringify(HELLO));
    const first = link.message(text(1));
    for (const batch of [2, 3, 4]) void link.message(text(batch));
    await Promise.resolve();
    expect(batches).toHaveLength(1);
    batches[0]?.resolve([]);
    await first;
    void link.message(text(5));
    expect(closed).toEqual([]);
    await link.message(text(6));
    expect(closed).toEqual([{ code: 1_008, reason: "Expected at most 4 batches without an answer." }]);
    expect(sent).toEqual([{ type: "results", batch: 1, outcomes: [] }]);
    expect(logged).toEqual([expect.stringContaining("consumer-1")]);
  });

  test("takes 8 MiB without having answered, and closes the link for more", async () => {
    const { endpoint, socket, batches, closed } = createTestEndpoint();
    const link = endpoint.open(socket);
    await link.message(JSON.stringify(HELLO));
    const large = text(1, replyTo("A".repeat(63), { data: "x".repeat(MAX_BATCH_BYTES / 2 - 500) }));
    const first = link.message(large);
    void link.message(large);
    await Promise.resolve();
    batches[0]?.resolve(["unknown"]);
    await first;
    void link.message(large);
    expect(closed).toEqual([]);
    await link.message(large);
    expect(closed).toEqual([{ code: 1_008, reason: "Expected at most 8389632 bytes without an answer." }]);
  });

  test("closes the link when the storage fails, and stores nothing that came behind the batch: it is all sent again, in order", async () => {
    const { endpoint, socket, batches, sent, closed, logged } = createTestEndpoint();
    const link = endpoint.open(socket);
    await link.message(JSON.stringify(HELLO));
    const all = [1, 2].map((batch) => link.message(text(batch)));
    await Promise.resolve();
    batches[0]?.reject(new Error("disk full"));
    await Promise.all(all);
    await link.message(text(3));
    expect(closed).toEqual([{ code: 1_011, reason: "The batch could not be stored. Send it again." }]);
    expect(batches).toHaveLength(1);
    expect(sent).toEqual([]);
    expect(logged).toHaveLength(2);
  });

  test("answers a batch that can never be stored, and goes on with the next", async () => {
    const { endpoint, socket, batches, sent, closed } = createTestEndpoint();
    const link = endpoint.open(socket);
    await link.message(JSON.stringify(HELLO));
    const all = [1, 2].map((batch) => link.message(text(batch)));
    await Promise.resolve();
    batches[0]?.reject(new RejoinderError("BODY_TOO_LARGE", { detail: "Expected less." }));
    await all[0];
    await Promise.resolve();
    batches[1]?.resolve([]);
    await all[1];
    expect(sent).toEqual([
      { type: "refused", batch: 1, code: "BODY_TOO_LARGE", reason: "Expected less." },
      { type: "results", batch: 2, outcomes: [] },
    ]);
    expect(closed).toEqual([]);
  });

  test("welcomes a consumer with the time and the number of shards, and names what is to be cancelled, if it takes that", async () => {
    const { endpoint, socket, sent } = createTestEndpoint([OF_SHARD_0, OF_SHARD_2]);
    await endpoint.open(socket).message(JSON.stringify({ ...HELLO, takes: ["welcome", "cancel", "something new"] }));
    expect(sent).toEqual([
      { type: "welcome", time: 1_700_000_000_000, shards: 1 },
      { type: "cancel", correlationIds: [OF_SHARD_0] },
    ]);
  });

  test.each([
    ["nothing to a consumer of a version that knew no such frames", undefined, []],
    ["nothing that it does not take", ["welcome"], ["welcome"]],
  ])("tells %s", async (_, takes, types) => {
    const { endpoint, socket, sent } = createTestEndpoint([OF_SHARD_0]);
    await endpoint.open(socket).message(JSON.stringify({ ...HELLO, takes }));
    endpoint.cancel(OF_SHARD_0, [socket]);
    expect(sent).toEqual(types.map((type) => expect.objectContaining({ type }) as unknown));
  });

  test("names what is to be cancelled in frames that a consumer reads, however much it is", async () => {
    const ids = Array.from({ length: 2_500 }, (_, index) => `AAAA${String(index).padStart(59, "0")}`);
    const { endpoint, socket, sent } = createTestEndpoint(ids);
    await endpoint.open(socket).message(JSON.stringify({ ...HELLO, takes: ["cancel"] }));
    expect((sent as CancelFrame[]).map(({ correlationIds }) => correlationIds.length)).toEqual([1_000, 1_000, 500]);
    expect((sent as CancelFrame[]).flatMap(({ correlationIds }) => correlationIds)).toEqual(ids);
  });

  test("names a request to the links of its shard that take it", async () => {
    const { endpoint, socket, sent } = createTestEndpoint();
    await endpoint.open(socket).message(JSON.stringify({ ...HELLO, takes: ["cancel"] }));
    endpoint.cancel(OF_SHARD_2, [socket]);
    endpoint.cancel(OF_SHARD_0, [socket, { ...socket, consumer: undefined }]);
    expect(sent).toEqual([{ type: "cancel", correlationIds: [OF_SHARD_0] }]);
  });

  test("keeps of what a consumer handles only what the contract has", async () => {
    const { endpoint, socket } = createTestEndpoint();
    await endpoint.open(socket).message(JSON.stringify({ ...HELLO, operations: ["of-another-contract", "sum"] }));
    expect(socket.consumer).toEqual({ instance: "consumer-1", version: "0.1.0", operations: ["sum"], takesCancel: false });
  });

  test("goes on with a link whose consumer has said hello before the memory of it was lost", async () => {
    const { endpoint, socket, batches, sent } = createTestEndpoint();
    await endpoint.open(socket).message(JSON.stringify(HELLO));
    const taken = endpoint.open(socket).message(text(1));
    await Promise.resolve();
    batches[0]?.resolve([]);
    await taken;
    expect(sent).toEqual([{ type: "results", batch: 1, outcomes: [] }]);
  });

  test("answers a ping where the platform does not", async () => {
    const { endpoint, socket } = createTestEndpoint();
    const texts: string[] = [];
    await endpoint.open({ ...socket, send: (frame) => texts.push(frame) }).message("ping");
    expect(texts).toEqual(["pong"]);
  });

  test("cuts a reason to what a close frame can hold, at whole characters", async () => {
    const { endpoint, socket, closed } = createTestEndpoint();
    await endpoint.open(socket).message('{"type":"hello"}');
    expect(new TextEncoder().encode(closed[0]?.reason).length).toBeLessThanOrEqual(123);
    expect(closed[0]?.reason).toMatch(/^Expected a frame of hello with instance/);
  });
});
