import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { createSha256Hmac } from "../../consumer/sinks/worker-signature.ts";
import { importWebhookKey, readWebhookSecret, signWebhook, verifyWebhook } from "../../protocol/webhook-signature.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = "whsec_d3JvbmctLXNlY3JldC13cm9uZy0tc2VjcmV0";
const keyOf = (secret: string) => importWebhookKey(readWebhookSecret(secret) as Uint8Array<ArrayBuffer>);
const hmacOf = (secret: string) => createSha256Hmac(readWebhookSecret(secret) as Uint8Array);
const body = new TextEncoder().encode('{"sum":"5€"}');
const nowMs = Date.now();
const sign = async (secret: string, timestampSeconds = Math.floor(nowMs / 1_000)) =>
  new Headers({ ...(await signWebhook(hmacOf(secret), { id: "msg_1", timestampSeconds, body })) });

describe("a webhook signature", () => {
  test("is taken by the Standard Webhooks library", async () => {
    const headers = Object.fromEntries(await sign(SECRET));
    expect(new Webhook(SECRET).verify(new TextDecoder().decode(body), headers)).toEqual({ sum: "5€" });
  });

  test("of the Standard Webhooks library is valid", async () => {
    const signature = new Webhook(SECRET).sign("msg_1", new Date(nowMs), new TextDecoder().decode(body));
    const headers = new Headers({
      "webhook-id": "msg_1",
      "webhook-timestamp": String(Math.floor(nowMs / 1_000)),
      "webhook-signature": signature,
    });
    expect(await verifyWebhook([await keyOf(SECRET)], { headers, body, nowMs })).toBe("valid");
  });

  test("is valid under any listed key, and among several signatures", async () => {
    const headers = await sign(SECRET);
    const keys = [await keyOf(OTHER), await keyOf(SECRET)];
    expect(await verifyWebhook(keys, { headers, body, nowMs })).toBe("valid");
    headers.set("webhook-signature", `v2,abc v1,AAAA ${headers.get("webhook-signature")}`);
    expect(await verifyWebhook(keys, { headers, body, nowMs })).toBe("valid");
  });

  test("is wrong under another key, for another body, id or time", async () => {
    const headers = await sign(SECRET);
    expect(await verifyWebhook([await keyOf(OTHER)], { headers, body, nowMs })).toBe("wrong");
    expect(await verifyWebhook([await keyOf(SECRET)], { headers, body: body.slice(1), nowMs })).toBe("wrong");
    headers.set("webhook-id", "msg_2");
    expect(await verifyWebhook([await keyOf(SECRET)], { headers, body, nowMs })).toBe("wrong");
  });

  test.each([-301, 301])("is stale when its time is %i s off", async (seconds) => {
    const headers = await sign(SECRET, Math.floor(nowMs / 1_000) + seconds);
    expect(await verifyWebhook([await keyOf(SECRET)], { headers, body, nowMs })).toBe("stale");
  });

  test.each(["webhook-id", "webhook-timestamp", "webhook-signature"])("is missing without %s", async (name) => {
    const headers = await sign(SECRET);
    headers.delete(name);
    expect(await verifyWebhook([await keyOf(SECRET)], { headers, body, nowMs })).toBe("missing");
  });

  test.each(["", "whsec_", "whsec_short", "whsec_not base64!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", `whsec_${"A".repeat(120)}`])(
    "has no secret %j",
    (secret) => {
      expect(readWebhookSecret(secret)).toBeUndefined();
    },
  );
});
