import { describe, expect, onTestFinished, test } from "vitest";
import { httpSink } from "../../consumer/sinks/http.ts";
import { systemTime } from "../../environment/time.ts";
import { hmacOf, postTo, REPLY_HMAC, REPLY_SECRET, signedBy } from "./process.ts";
import { startReplyReceiver } from "./reply-receiver.ts";
import { describeSink, newReply, sendOnce } from "./sink-contract.ts";

const HOUR_MS = 3_600_000;

const start = async (options: Partial<Parameters<typeof startReplyReceiver>[0]> = {}) => {
  const receiver = await startReplyReceiver({ secret: REPLY_SECRET, ...options });
  onTestFinished(() => receiver.close());
  return receiver;
};

describe("as a sink", () => {
  describeSink(async () => {
    const receiver = await startReplyReceiver({ secret: REPLY_SECRET });
    let ended: Promise<void> | undefined;
    const end = () => (ended ??= receiver.close());
    onTestFinished(end);
    const sink = postTo(receiver);
    return { sink, end, findsDuplicates: true, kept: (reply) => reply, stored: (correlationId) => receiver.stored.get(correlationId) };
  });
});

test("a Worker with another clock refuses once, and then gets its own time", async () => {
  const receiver = await start({ now: () => Date.now() + HOUR_MS });
  const sink = postTo(receiver);
  expect(await sendOnce(sink, newReply())).toMatchObject({
    kind: "unavailable",
    reason: expect.stringContaining("its clock differs from ours, and its time"),
  });
  expect(await sendOnce(sink, newReply())).toMatchObject({ kind: "answered", results: [{ outcome: "stored" }] });
  expect(receiver.refused).toBe(1);
});

test("a Worker with another secret is said to have one", async () => {
  const receiver = await start();
  const other = `whsec_${Buffer.alloc(32, 8).toString("base64")}`;
  const sink = httpSink({ url: receiver.url, ...signedBy(hmacOf(other)) });
  expect(await sendOnce(sink, newReply())).toMatchObject({ kind: "unavailable", reason: expect.stringContaining("REPLY_SECRET differs") });
  expect(receiver.stored.size).toBe(0);
});

test("a Worker that is not there is named by the error of the connection", async () => {
  const receiver = await start();
  const sink = postTo(receiver);
  receiver.misbehave((_, response) => {
    response.socket?.destroy();
    return true;
  });
  expect(await sendOnce(sink, newReply())).toMatchObject({ kind: "unavailable", reason: "UND_ERR_SOCKET" });
});

test("a Worker that takes a batch and never answers is given up", async () => {
  const receiver = await start();
  receiver.misbehave(() => true);
  let expire = (): void => {};
  const time = { ...systemTime, setTimeout: (callback: () => void) => (expire = callback) };
  const sink = httpSink({ url: receiver.url, ...signedBy(REPLY_HMAC), time });
  const attempt = sendOnce(sink, newReply());
  await receiver.until(() => receiver.batches.length === 1);
  expire();
  expect(await attempt).toEqual({ kind: "unavailable", reason: "no answer within 10000 ms" });
});
