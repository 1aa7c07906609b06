import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { expect, onTestFinished, test } from "vitest";
import { postViews } from "../../../consumer/views/post-views.ts";
import type { RowsToShip } from "../../../consumer/views/shipper.ts";
import { readViewBatch, type ViewBatch } from "../../../protocol/view-batch.ts";
import { hmacOf, REPLY_HMAC, REPLY_SECRET, signedBy } from "../process.ts";
import { answer } from "../reply-receiver.ts";

const HOUR_MS = 3_600_000;

const BATCH: RowsToShip = {
  view: "balances",
  version: 2,
  partition: 1,
  partitions: 3,
  generation: "0123456789ab",
  fold: "f".repeat(32),
  from: 5,
  to: 9,
  isCaughtUp: true,
  rows: [
    { key: 'a/"ü"\ud83d\ude00', offset: 5, text: '{"cents":1}' },
    { key: "left", offset: 8, text: null },
  ],
};

/** A server that stores batches if they are signed by the Standard Webhooks scheme. */
const startReceiver = async ({ secret = REPLY_SECRET, now = () => Date.now() } = {}) => {
  const stored: ViewBatch[] = [];
  let respond: (response: ServerResponse) => void = (response) => answer(response, 200, { outcome: "stored" });
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      response.setHeader("date", new Date(now()).toUTCString());
      try {
        if (Math.abs(now() / 1_000 - Number(request.headers["webhook-timestamp"])) > 300) throw new Error("stale");
        // Its own check of the time is by the real clock.
        const timestamp = Number(request.headers["webhook-timestamp"]);
        const signature = new Webhook(secret).sign(String(request.headers["webhook-id"]), new Date(timestamp * 1_000), body.toString());
        if (signature !== request.headers["webhook-signature"]) throw new Error("wrong");
      } catch {
        return answer(response, 401, { code: "UNAUTHORIZED" });
      }
      stored.push(readViewBatch(JSON.parse(body.toString())));
      return respond(response);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stored,
    answers: (how: typeof respond) => void (respond = how),
  };
};

const postTo = (url: string, hmac = REPLY_HMAC) => {
  const views = postViews({ url, ...signedBy(hmac) });
  onTestFinished(() => views.close());
  return views.post;
};

test("a batch arrives signed, as the Worker reads it", async () => {
  const receiver = await startReceiver();
  expect(await postTo(receiver.url)(BATCH)).toEqual({ outcome: "stored" });
  const { rows, ...head } = BATCH;
  expect(receiver.stored).toEqual([
    { ...head, rows: rows.map(({ key, offset, text }) => ({ key, offset, row: JSON.parse(text ?? "null") as unknown })) },
  ]);
});

test("what the Worker answers is told", async () => {
  const receiver = await startReceiver();
  const post = postTo(receiver.url);
  const outcomeOf = async (status: number, body: unknown) => {
    receiver.answers((response) => answer(response, status, body));
    return post(BATCH);
  };
  expect(await outcomeOf(200, { outcome: "behind", next: 3 })).toEqual({ outcome: "behind", next: 3 });
  expect(await outcomeOf(200, { outcome: "unknown" })).toEqual({ outcome: "unknown" });
  expect(await outcomeOf(404, { code: "NOT_FOUND" })).toEqual({ outcome: "unknown" });
  expect(await outcomeOf(413, {})).toEqual({ outcome: "too-large" });
  expect(await outcomeOf(400, { code: "INVALID_BATCH", detail: "Expected it." })).toMatchObject({
    outcome: "unavailable",
    reason: "it answered 400 INVALID_BATCH Expected it.",
  });
  for (const body of [{}, { outcome: "behind", next: -1 }, { outcome: "behind" }, []])
    expect(await outcomeOf(200, body)).toMatchObject({ outcome: "unavailable" });
});

test("a Worker with another clock refuses once, and one with another secret is said to have one", async () => {
  const late = await startReceiver({ now: () => Date.now() + HOUR_MS });
  const post = postTo(late.url);
  expect(await post(BATCH)).toMatchObject({ outcome: "unavailable", reason: expect.stringContaining("its clock differs") as unknown });
  expect(await post(BATCH)).toEqual({ outcome: "stored" });
  const other = await startReceiver();
  const wrong = postTo(other.url, hmacOf(`whsec_${Buffer.alloc(32, 8).toString("base64")}`));
  expect(await wrong(BATCH)).toMatchObject({ outcome: "unavailable", reason: expect.stringContaining("REPLY_SECRET differs") as unknown });
});

test("a Worker that is away is told by the error of the connection", async () => {
  expect(await postTo("http://127.0.0.1:1")(BATCH)).toMatchObject({ outcome: "unavailable", reason: "ECONNREFUSED" });
});
