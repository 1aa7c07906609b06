import { describe, expect, test } from "vitest";
import { RejoinderError } from "../../../protocol/errors.ts";
import type { CancelFrame } from "../../../protocol/link.ts";
import { MAX_BATCH_BYTES } from "../../../protocol/limits.ts";
import type { Outcome, Reply } from "../../../protocol/reply-event.ts";
import { createLinkEndpoint, type LinkSocket } from "../../../worker/link/link-endpoint.ts";
import { batchOf, HELLO } from "../support/links.ts";
import { replyTo } from "../support/replies.ts";

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
    expect(socket.consumer).toEqual({ instance: "consumer-1", version: "0.1.0", operations: ["sum"], takesCancel: false, takesLag: false });
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
