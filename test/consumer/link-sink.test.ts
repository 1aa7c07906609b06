import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { createMailboxClock } from "../../consumer/mailbox-clock.ts";
import { createLinkOutages, openLink } from "../../consumer/sinks/link.ts";
import type { ReadLag } from "../../consumer/sinks/link-session.ts";
import { createWorkerSignature } from "../../consumer/sinks/worker-signature.ts";
import { systemTime, type Time } from "../../environment/time.ts";
import { createManualTime } from "../helpers/manual-time.ts";
import { createRecordedLog } from "./log.ts";
import { HELLO, hmacOf, REPLY_HMAC, REPLY_SECRET } from "./process.ts";
import { type ReplyReceiverOptions, startReplyReceiver } from "./reply-receiver.ts";
import { describeSink, newReply, sendOnce } from "./sink-contract.ts";

type SetUp = Partial<ReplyReceiverOptions> & { readonly time?: Time; readonly hmac?: typeof REPLY_HMAC; readonly readLag?: ReadLag };

/** A mailbox, and a link to its shard 3 that comes back at once when it was lost. */
const setUp = async ({ time = systemTime, hmac = REPLY_HMAC, readLag, ...options }: SetUp = {}) => {
  const receiver = await startReplyReceiver({ secret: REPLY_SECRET, ...options });
  const log = createRecordedLog();
  const outages = createLinkOutages(log);
  const clock = createMailboxClock({ time, log });
  const signature = createWorkerSignature({ hmac, clock });
  const link = openLink(3, { url: receiver.url, hello: HELLO, signature, clock, outages, readLag, time, random: () => 1 });
  let ended: Promise<void> | undefined;
  const end = () => (ended ??= receiver.close());
  onTestFinished(async () => {
    await Promise.all([link.close(), end()]);
  });
  return { receiver, link, log, end, closed: () => once(receiver.links[0]?.socket ?? expect.fail("Expected a link"), "close") };
};

/** A mailbox whose time is driven by hand, with an open link. */
const setUpByHand = async () => {
  const time = createManualTime(Date.now());
  const stage = await setUp({ time });
  await stage.receiver.until(() => stage.receiver.links[0]?.hello !== undefined);
  return { ...stage, time };
};

describe("as a sink", () => {
  describeSink(async () => {
    const { receiver, link, log, end } = await setUp();
    return {
      sink: link,
      findsDuplicates: true,
      kept: (reply) => reply,
      stored: (correlationId) => receiver.stored.get(correlationId),
      async end() {
        await end();
        await expect.poll(() => log.lines).toContainEqual(expect.objectContaining({ reason: "ECONNREFUSED" }));
      },
    };
  });
});

test("says how far the consumer is behind when the mailbox asks, and of many partitions where that is the most", async () => {
  const many = Array.from({ length: 150 }, (_, partition) => ({ topic: "requests", partition, lag: partition }));
  const { receiver } = await setUp({ readLag: async () => many });
  await receiver.until(() => receiver.links[0]?.hello !== undefined);
  const { socket } = receiver.links[0] ?? expect.fail("Expected a link");
  const answered = once(socket, "message");
  socket.send(JSON.stringify({ type: "lag", ask: 7 }));
  const { ask, partitions } = JSON.parse(String((await answered)[0])) as { ask: number; partitions: typeof many };
  expect([ask, partitions]).toEqual([7, many.toReversed().slice(0, 100)]);
});

test("says hello first: who the consumer is, and what it handles", async () => {
  const { receiver, link } = await setUp();
  expect(await sendOnce(link, newReply())).toMatchObject({ kind: "answered" });
  expect(receiver.links).toMatchObject([{ shard: 3, hello: { type: "hello", ...HELLO } }]);
});

test("each batch gets the answer to its number, in whichever order they come", async () => {
  const { receiver, link } = await setUp();
  const given = [newReply(), newReply(), newReply()];
  const answers: (() => void)[] = [];
  const frames = [
    { type: "results", outcomes: ["late"] },
    { type: "refused", code: "INVALID_BATCH", reason: "Expected something else." },
    { type: "refused", code: "BODY_TOO_LARGE", reason: "Expected less." },
  ];
  receiver.misbehaveOnLinks((socket, batch) => {
    const frame = frames[answers.length];
    answers.unshift(() => socket.send(JSON.stringify({ ...frame, batch })));
    if (answers.length === frames.length) for (const send of answers) send();
    return true;
  });
  expect(await Promise.all(given.map((reply) => sendOnce(link, reply)))).toEqual([
    { kind: "answered", results: [{ id: given[0]?.id, outcome: "late" }] },
    { kind: "refused", reason: "Expected something else." },
    { kind: "too-large" },
  ]);
});

test("a mailbox with another clock refuses once, and then gets its own time", async () => {
  const { receiver, link, log } = await setUp({ now: () => Date.now() - 3_600_000 });
  await receiver.until(() => receiver.links.length === 1);
  expect(await sendOnce(link, newReply())).toMatchObject({ kind: "answered" });
  expect(receiver.refused).toBe(1);
  expect(log.lines).toContainEqual(
    expect.objectContaining({ level: "warn", reason: expect.stringContaining("its clock differs from ours, and its time is used") }),
  );
});

test("a mailbox with another secret is said to have one, and is asked again and again without a flood of lines", async () => {
  const { receiver, link, log } = await setUp({ hmac: hmacOf(`whsec_${Buffer.alloc(32, 8).toString("base64")}`) });
  await receiver.until(() => receiver.handshakes === 3);
  expect(await sendOnce(link, newReply())).toMatchObject({ kind: "unavailable", reason: expect.stringContaining("REPLY_SECRET differs") });
  expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
});

test.each([
  ["half a frame", '{"type":"results","batch":0,"out', 1007, "Expected a frame of a JSON object."],
  ["a frame of bytes", Buffer.from("{}"), 1003, "Expected a frame of text, got one of bytes."],
  [
    "an answer to another batch",
    '{"type":"results","batch":7,"outcomes":["stored"]}',
    1007,
    /^Expected an answer to a batch that was sent/,
  ],
  ["too few outcomes", '{"type":"results","batch":0,"outcomes":[]}', 1007, /^Expected an answer .* batch 0 with 0 outcomes/],
  ["a frame of another protocol", '{"type":"goodbye"}', 1007, /^Expected a frame of results/],
])("%s ends the link with a reason, and the batch is sent again over the next one", async (_, frame, code, reason) => {
  const { receiver, link } = await setUp();
  const closed = Promise.withResolvers<unknown[]>();
  receiver.misbehaveOnLinks((socket) => {
    socket.on("close", (...how) => closed.resolve([how[0], String(how[1])]));
    socket.send(frame);
    return true;
  });
  const reply = newReply();
  expect(await sendOnce(link, reply)).toEqual({ kind: "unavailable", reason: expect.stringMatching(reason) });
  expect(await closed.promise).toEqual([code, expect.stringMatching(reason)]);
  receiver.misbehaveOnLinks(undefined);
  await receiver.until(() => receiver.handshakes === 2);
  expect(await sendOnce(link, reply)).toMatchObject({ kind: "answered", results: [{ outcome: "stored" }] });
});

test("when the link breaks, batches without an answer may have arrived or not", async () => {
  const { receiver, link } = await setUp();
  receiver.misbehaveOnLinks((socket, batch) => {
    if (batch === 1) socket.terminate();
    return true;
  });
  const attempts = await Promise.all([sendOnce(link, newReply()), sendOnce(link, newReply())]);
  expect(attempts).toEqual([0, 1].map(() => ({ kind: "unavailable", reason: "it was closed with 1006" })));
});

test("a frame that is too large for the mailbox is blamed on its batch only if there is no other", async () => {
  const { receiver, link } = await setUp();
  receiver.misbehaveOnLinks((socket) => (socket.close(1009, "Too large."), true));
  expect(await sendOnce(link, newReply())).toEqual({ kind: "too-large" });
  await receiver.until(() => receiver.links.length === 1);
  const attempts = await Promise.all([sendOnce(link, newReply()), sendOnce(link, newReply())]);
  expect(attempts).toEqual([0, 1].map(() => ({ kind: "unavailable", reason: "it was closed with 1009: Too large." })));
});

test("a mailbox that does not answer pings is left, and the link is opened anew", async () => {
  const { receiver, time, closed } = await setUpByHand();
  const first = closed();
  receiver.fail("silent");
  await time.elapse(60_000);
  expect((await first)[0]).toBe(1006);
  await receiver.until(() => receiver.handshakes === 2);
});

test("a mailbox that takes a batch and never answers is left, and so is the link", async () => {
  const { receiver, link, time } = await setUpByHand();
  receiver.fail("silent");
  const attempt = sendOnce(link, newReply());
  await receiver.until(() => receiver.batches.length === 1);
  await time.elapse(9_999);
  expect(link.isOpen).toBe(true);
  await time.elapse(1);
  expect(await attempt).toEqual({ kind: "unavailable", reason: "no answer to a batch within 10000 ms" });
  await receiver.until(() => receiver.handshakes === 2);
});

test("says goodbye when it closes, and does not come back", async () => {
  const { receiver, link, time, closed } = await setUpByHand();
  const gone = closed();
  await link.close();
  expect([(await gone)[0], String((await gone)[1])]).toEqual([1001, "The consumer ends."]);
  await time.elapse(600_000);
  expect(receiver.handshakes).toBe(1);
  expect(time.timers()).toBe(0);
});
