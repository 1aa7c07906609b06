import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { createManualTime } from "../../../helpers/manual-time.ts";
import { OPERATIONS_HEADER, REPLY_BATCH_CONTENT_TYPE } from "../../../../protocol/reply-event.ts";
import { signWebhook } from "../../../../protocol/webhook-signature.ts";
import { handshakeHeaders, HELLO } from "../../support/links.ts";
import { hmacOf } from "../../support/replies.ts";
import { metricOf, newFolder, openHost, postSum, storingProducer, variables } from "./open-host.ts";

/** A Worker whose clock the test drives, and that counts what it sends to Kafka. */
const openClocked = async (directory = newFolder()) => {
  const time = createManualTime(Date.now());
  let produced = 0;
  const produce = async (records: readonly unknown[]) => {
    produced += records.length;
    return records.map(() => ({ outcome: "stored", metadata: undefined }) as const);
  };
  const host = await openHost({ time, directory, variables: { METRICS_PORT: "0" }, producer: { ...storingProducer, produce } });
  const isServed = async (): Promise<boolean> => {
    const response = postSum(host.url, { prefer: "wait=1" });
    while ((await metricOf(host, "waits")) === 0) {
      const answered = await Promise.race([response, Promise.resolve()]);
      if (answered !== undefined) return false;
    }
    time.advance(1_100);
    return (await response).status === 202;
  };
  return { host, time, isServed, produced: () => produced };
};

const openLink = async (url: string, time: { now(): number }): Promise<WebSocket> => {
  const headers = await handshakeHeaders({ timestampSeconds: Math.floor(time.now() / 1_000) });
  const socket = new WebSocket(`${url}/link/0`, { headers });
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  socket.send(JSON.stringify({ ...HELLO, takes: ["welcome"] }));
  await new Promise((resolve) => socket.once("message", resolve));
  return socket;
};

const hear = async (url: string, time: { now(): number }, operations: string): Promise<void> => {
  const body = new TextEncoder().encode("[]");
  const timestampSeconds = Math.floor(time.now() / 1_000);
  const signature = await signWebhook(await hmacOf((variables["REPLY_SECRET"] ?? "").split(",")[0] ?? ""), {
    id: crypto.randomUUID(),
    timestampSeconds,
    body,
  });
  const headers = { "content-type": REPLY_BATCH_CONTENT_TYPE, [OPERATIONS_HEADER]: operations, ...signature };
  expect((await fetch(`${url}/replies`, { method: "POST", headers, body })).status).toBe(200);
};

test("a caller who merely waits is refused at once when there was no consumer for five seconds, and nothing is sent to Kafka", async () => {
  const { host, time, produced } = await openClocked();
  time.advance(5_000);
  const response = await postSum(host.url, { prefer: "wait=20" });
  expect([response.status, response.headers.get("retry-after"), await response.json()]).toEqual([
    503,
    "5",
    expect.objectContaining({ code: "NO_CONSUMER", retryable: true }),
  ]);
  expect(produced()).toBe(0);
});

test("a caller who can come back for the reply, or who does not wait, is accepted as ever", async () => {
  const { host, time, produced } = await openClocked();
  time.advance(5_000);
  for (const prefer of ["respond-async", "wait=0", undefined])
    expect((await postSum(host.url, prefer === undefined ? {} : { prefer })).status).toBe(202);
  const both = postSum(host.url, { prefer: "respond-async, wait=1" });
  while ((await metricOf(host, "waits")) === 0);
  time.advance(1_100);
  expect((await both).status).toBe(202);
  expect(produced()).toBe(4);
});

test("callers are served until five seconds after the last consumer has left, and again as soon as there is one", async () => {
  const { host, time, isServed } = await openClocked();
  const link = await openLink(host.url, time);
  time.advance(60_000);
  expect(await isServed()).toBe(true);
  link.close();
  while ((await metricOf(host, "links")) > 0);
  time.advance(3_000);
  expect(await isServed()).toBe(true);
  time.advance(3_000);
  expect(await isServed()).toBe(false);
  await openLink(host.url, time);
  expect(await isServed()).toBe(true);
});

test("a consumer that cannot open links is there for 90 seconds after each batch that says so, also when the Worker is started anew", async () => {
  const directory = newFolder();
  const first = await openClocked(directory);
  first.time.advance(10_000);
  expect(await first.isServed()).toBe(false);
  await hear(first.host.url, first.time, "echo, sum");
  expect(await first.isServed()).toBe(true);
  await first.host.close();

  const second = await openClocked(directory);
  second.time.advance(60_000);
  expect(await second.isServed()).toBe(true);
  second.time.advance(60_000);
  expect(await second.isServed()).toBe(false);
});
