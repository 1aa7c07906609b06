import { afterEach, beforeEach, expect, test } from "vitest";
import { systemTime, type Time } from "../../environment/time.ts";
import { createDelivery, type Delivery } from "../../consumer/delivery.ts";
import { createInFlightLimiter } from "../../consumer/in-flight-limiter.ts";
import { createReplies } from "../../consumer/replies.ts";
import type { Sink } from "../../consumer/sink.ts";
import { createRecordedLog, type RecordedLog } from "./log.ts";
import { postTo, REPLY_SECRET } from "./process.ts";
import { answer, type ReceivedBatch, type ReplyReceiver, startReplyReceiver } from "./reply-receiver.ts";
import { newCorrelationId } from "./requests.ts";

const replies = createReplies({ source: "/consumer/test" });
const newReply = (data: unknown = { sum: 5 }) => replies.succeeded({ correlationId: newCorrelationId(), operation: "sum" }, data);

const limiter = createInFlightLimiter({ maxRecords: Number.POSITIVE_INFINITY, maxBytes: 1_000_000_000 });

let receiver: ReplyReceiver;
let sink: Sink;
let delivery: Delivery;
let log: RecordedLog;
let pauses: number[];

/** Pauses are noted and are over at once; what limits a call is left alone. */
const impatient: Time = {
  ...systemTime,
  setTimeout(callback, milliseconds) {
    pauses.push(milliseconds);
    return systemTime.setTimeout(callback, 0);
  },
};

beforeEach(async () => {
  receiver = await startReplyReceiver({ secret: REPLY_SECRET });
  pauses = [];
  log = createRecordedLog();
  sink = postTo(receiver);
  delivery = createDelivery({ sink, replies, log, limiter, time: impatient, random: () => 0 });
});

afterEach(async () => {
  delivery.close();
  await receiver.close();
});

/** Misbehaves at the first calls, one entry a call, and then behaves. */
const misbehaveAtFirst = (...entries: ((batch: ReceivedBatch, response: Parameters<typeof answer>[0]) => void)[]): void => {
  receiver.misbehave((batch, response) => {
    const entry = entries.shift();
    entry?.(batch, response);
    return entry !== undefined;
  });
};

test("a reply leaves at once when nothing is under way", async () => {
  expect(await delivery.deliver(newReply())).toBe(true);
  expect(receiver.batches).toHaveLength(1);
  expect(pauses).toEqual([]);
});

test("replies that come while a batch is under way leave together in the next", async () => {
  let release = (): void => {};
  misbehaveAtFirst((batch, response) => {
    release = () => answer(response, 200, { results: batch.replies.map(({ id }) => ({ id, outcome: "stored" })) });
  });
  const first = delivery.deliver(newReply());
  await receiver.until(() => receiver.batches.length === 1);
  const others = Array.from({ length: 50 }, () => delivery.deliver(newReply()));
  release();
  expect(await Promise.all([first, ...others])).not.toContain(false);
  expect(receiver.batches.map(({ replies }) => replies.length)).toEqual([1, 50]);
});

test("no batch holds more than 500 replies or 8 MiB", async () => {
  const small = Array.from({ length: 1_100 }, () => newReply());
  const large = Array.from({ length: 20 }, () => newReply("x".repeat(900_000)));
  await Promise.all([...small, ...large].map((reply) => delivery.deliver(reply)));
  expect(receiver.stored.size).toBe(1_120);
  expect(receiver.batches.slice(0, 2).map(({ replies }) => replies.length)).toEqual([500, 500]);
  for (const { bytes } of receiver.batches) expect(bytes).toBeLessThanOrEqual(8 * 1024 * 1024);
  expect(receiver.batches.length).toBe(5);
});

test.each([
  ["answers 503", (response) => void response.writeHead(503).end("busy")],
  ["answers 200 with a page", (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<h1>Welcome</h1>")],
  ["answers 200 with unknown outcomes", (response) => answer(response, 200, { results: [{ id: "x", outcome: "perhaps" }] })],
  ["answers 404", (response) => answer(response, 404, { code: "NOT_FOUND" })],
  ["drops the connection", (response) => void response.socket?.destroy()],
  [
    "breaks off in the middle of its answer",
    (response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write('{"results":', () => response.socket?.destroy());
    },
  ],
] satisfies [string, (response: Parameters<typeof answer>[0]) => void][])(
  "sends the same batch again, as the same message, after a Worker that %s",
  async (_, misbehaviour) => {
    const fail = (_: ReceivedBatch, response: Parameters<typeof answer>[0]) => misbehaviour(response);
    misbehaveAtFirst(fail, fail, fail);
    const given = [newReply(), newReply()];
    expect(await Promise.all(given.map((reply) => delivery.deliver(reply)))).toEqual([true, true]);
    expect(receiver.batches).toHaveLength(4);
    expect(new Set(receiver.batches.map(({ webhookId }) => webhookId)).size).toBe(1);
    expect([...receiver.stored.keys()]).toEqual(given.map(({ correlationId }) => correlationId));
    expect(pauses).toEqual([100, 200, 400]);
  },
);

test("sends again only what is to be retried or has no result, and drops what nobody knows", async () => {
  const [stored, retry, missing, unknown] = [newReply(), newReply(), newReply(), newReply()] as const;
  const outcomes = new Map([
    [stored.id, "stored"],
    [retry.id, "retry"],
    [unknown.id, "unknown"],
  ]);
  misbehaveAtFirst((batch, response) => {
    const results = batch.replies.flatMap(({ id }) => (outcomes.has(id) ? [{ id, outcome: outcomes.get(id) }] : []));
    answer(response, 200, { results });
  });
  expect(await Promise.all([stored, retry, missing, unknown].map((reply) => delivery.deliver(reply)))).toEqual([true, true, true, true]);
  expect(receiver.batches.map(({ replies }) => replies.map(({ id }) => id))).toEqual([
    [stored.id, retry.id, missing.id, unknown.id],
    [retry.id, missing.id],
  ]);
  expect(log.lines).toContainEqual(expect.objectContaining({ level: "warn", correlationId: unknown.correlationId }));
});

test("divides a batch that is too large until it passes, and every reply arrives once", async () => {
  receiver.misbehave(({ replies }, response) => {
    if (replies.length <= 3) return false;
    answer(response, 413, { code: "BODY_TOO_LARGE" });
    return true;
  });
  const given = Array.from({ length: 20 }, () => newReply());
  await Promise.all(given.map((reply) => delivery.deliver(reply)));
  expect(receiver.arrived.map(({ id }) => id)).toEqual(given.map(({ id }) => id));
  expect(new Set(receiver.batches.map(({ webhookId }) => webhookId)).size).toBe(receiver.batches.length);
});

test("a reply that is too large even alone fails, and the others arrive", async () => {
  const large = newReply({ sum: 1, padding: "large" });
  receiver.misbehave(({ replies }, response) => {
    if (!replies.some(({ id }) => id === large.id)) return false;
    answer(response, 413, {});
    return true;
  });
  const others = Array.from({ length: 6 }, () => newReply());
  await Promise.all([...others, large].map((reply) => delivery.deliver(reply)));
  expect(receiver.stored.get(large.correlationId)).toMatchObject({ state: "failed", data: { code: "REPLY_TOO_LARGE" } });
  for (const { correlationId } of others) expect(receiver.stored.get(correlationId)?.state).toBe("succeeded");
});

test("a reply of more than 1 MiB fails without being sent", async () => {
  const large = newReply("x".repeat(1024 * 1024));
  await delivery.deliver(large);
  expect(receiver.stored.get(large.correlationId)).toMatchObject({ state: "failed", data: { code: "REPLY_TOO_LARGE" } });
  expect(receiver.batches[0]?.bytes).toBeLessThan(1_000);
});

test("a reply that the Worker cannot read fails alone, and the others arrive", async () => {
  const strange = newReply();
  receiver.misbehave(({ replies }, response) => {
    if (!replies.some(({ id }) => id === strange.id)) return false;
    answer(response, 400, { code: "INVALID_BATCH", detail: "Expected something else." });
    return true;
  });
  const others = Array.from({ length: 6 }, () => newReply());
  await Promise.all([strange, ...others].map((reply) => delivery.deliver(reply)));
  expect(receiver.stored.get(strange.correlationId)).toMatchObject({ state: "failed", data: { code: "INVALID_REPLY" } });
  expect(receiver.stored.size).toBe(7);
});

test("a reply that has no JSON fails", async () => {
  const big = newReply(1n);
  await delivery.deliver(big);
  expect(receiver.stored.get(big.correlationId)).toMatchObject({ state: "failed", data: { code: "INVALID_REPLY" } });
});

test("a reply that cannot pass in any form is given up, so that the others can", async () => {
  const cursed = newReply();
  receiver.misbehave(({ replies }, response) => {
    if (!replies.some(({ correlationId }) => correlationId === cursed.correlationId)) return false;
    answer(response, 413, {});
    return true;
  });
  const other = newReply();
  expect(await Promise.all([delivery.deliver(cursed), delivery.deliver(other)])).toEqual([true, true]);
  expect([...receiver.stored.keys()]).toEqual([other.correlationId]);
});

test("what is not delivered when it closes is said to be so", async () => {
  receiver.misbehave((_, response) => {
    answer(response, 503, {});
    return true;
  });
  const undelivered = delivery.deliver(newReply());
  await receiver.until(() => receiver.batches.length > 2);
  delivery.close();
  expect(await undelivered).toBe(false);
  expect(await delivery.deliver(newReply())).toBe(false);
});

test("news of a handler at work that the Worker cannot read is dropped, and does not fail the request", async () => {
  const to = { correlationId: newCorrelationId(), operation: "sum" };
  receiver.misbehave(({ replies }, response) => {
    if (!replies.some(({ state }) => state === "processing")) return false;
    answer(response, 400, { code: "INVALID_BATCH" });
    return true;
  });
  await Promise.all([delivery.deliver(replies.processing(to)), delivery.deliver(replies.succeeded(to, { sum: 5 }))]);
  expect(receiver.arrived.map(({ state }) => state)).toEqual(["succeeded"]);
});

test.each([
  ["too large", "x".repeat(1024 * 1024)],
  ["not JSON", 1n],
])("news that is %s is dropped, and does not fail its request", async (_, progress) => {
  const to = { correlationId: newCorrelationId(), operation: "sum" };
  expect(await delivery.deliver(replies.processing(to, { progress }))).toBe(true);
  expect(await delivery.deliver(replies.succeeded(to, { sum: 5 }))).toBe(true);
  expect(receiver.arrived.map(({ state }) => state)).toEqual(["succeeded"]);
});
