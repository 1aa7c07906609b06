import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createReplyEvent, REPLY_BATCH_CONTENT_TYPE } from "../../../../protocol/reply-event.ts";
import type { StatusBody } from "../../../../protocol/status.ts";
import { signWebhook } from "../../../../protocol/webhook-signature.ts";
import { serve } from "../../../helpers/served.ts";
import { REPLY_SECRET_TEXT, startServed } from "./served-process.ts";

/** A Kafka REST proxy that takes every record. */
const startProxy = async (): Promise<string> => {
  const { url, close } = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const records = request.method === "POST" ? [JSON.parse(Buffer.concat(chunks).toString())].flat() : [];
      const metadata = records.map((_, offset) => ({ topic: "requests", partition: 0, offset, timestamp: 1 }));
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(metadata));
    });
  });
  onTestFinished(close);
  return url;
};

/** A receiver of webhooks that never answers the first, and takes the others. */
const startReceiver = async () => {
  const ids: string[] = [];
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { url, close } = await serve((request, response) => {
    request.resume();
    ids.push(String(request.headers["webhook-id"]));
    if (ids.length === 1) return first.resolve();
    response.on("finish", second.resolve).writeHead(204).end();
  });
  onTestFinished(close);
  return { url, ids, first: first.promise, second: second.promise };
};

/** Delivers a reply as the consumer does. */
const reply = async (url: string, correlationId: string): Promise<Response> => {
  const event = createReplyEvent({
    id: crypto.randomUUID(),
    correlationId,
    operation: "sum",
    state: "succeeded",
    source: "/consumer",
    time: Date.now(),
    data: { sum: 5 },
  });
  const body = new TextEncoder().encode(JSON.stringify([event]));
  const hmac = async (content: Uint8Array) => new Uint8Array(createHmac("sha256", REPLY_SECRET_TEXT).update(content).digest());
  const signature = await signWebhook(hmac, { id: crypto.randomUUID(), timestampSeconds: Math.floor(Date.now() / 1_000), body });
  return fetch(`${url}/replies`, { method: "POST", headers: { "content-type": REPLY_BATCH_CONTENT_TYPE, ...signature }, body });
};

test("kill -9 between the end of a request and its webhook: it is delivered after the restart, with the same webhook-id", async () => {
  const directory = mkdtempSync(join(tmpdir(), "rejoinder-webhook-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const [proxy, receiver] = await Promise.all([startProxy(), startReceiver()]);
  const start = () =>
    startServed(directory, proxy, {
      WEBHOOK_SECRET: `whsec_${btoa("z".repeat(32))}`,
      WEBHOOK_ALLOWED_HOSTS: new URL(receiver.url).host,
    });

  const { running, url } = await start();
  const headers = { "content-type": "application/json", "reply-to": `<${receiver.url}/hook>` };
  const sent = await fetch(`${url}/requests/sum`, { method: "POST", headers, body: '{"a":2,"b":3}' });
  const { correlationId } = (await sent.json()) as StatusBody;
  expect([sent.status, (await reply(url, correlationId)).status]).toEqual([202, 200]);
  await receiver.first;
  await running.stop("SIGKILL");

  const again = await start();
  await receiver.second;
  expect(receiver.ids).toEqual([`wh_${correlationId}`, `wh_${correlationId}`]);
  await expect
    .poll(async () => ((await (await fetch(`${again.url}/status/${correlationId}`)).json()) as StatusBody).webhook, { timeout: 10_000 })
    .toEqual({ state: "delivered", attempts: 1, lastStatus: 204 });
});
