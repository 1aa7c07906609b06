import { Webhook } from "standardwebhooks";
import { describe, expect, test, vi } from "vitest";
import type { StatusBody, WebhookStatus } from "../../../protocol/status.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { keyOperator } from "../support/keys.ts";
import { deliver, replyTo } from "../support/replies.ts";
import { call, post, testEnv } from "../support/worker.ts";

const RECEIVER = testEnv.WEBHOOK_RECEIVER_URL;
const { ask, create } = keyOperator(call);

type ReceivedWebhook = { readonly path: string; readonly headers: Record<string, string>; readonly body: string };

/** What the receiver has got of a request, once there is something. */
const receivedOf = async (id: string): Promise<readonly ReceivedWebhook[]> =>
  (await fetch(`${RECEIVER}/seen/wh_${id}`)).json() as Promise<readonly ReceivedWebhook[]>;

const statusOf = async (id: string, headers = {}): Promise<StatusBody> => (await call(`/status/${id}`, { headers })).json();
const webhookOf = async (id: string, headers = {}): Promise<WebhookStatus> => (await call(`/status/${id}/webhook`, { headers })).json();

/** Resolves once the webhook is in a state after so many attempts. */
const until = (id: string, state: WebhookStatus["state"], attempts: number, headers = {}): Promise<WebhookStatus> =>
  vi.waitFor(async () => {
    const webhook = await webhookOf(id, headers);
    expect(webhook).toMatchObject({ state, attempts });
    return webhook;
  }, 10_000);

const send = async (headers: Record<string, string>): Promise<string> => {
  const { status, ...response } = await post("sum", { a: 2, b: 3 }, headers).then(async (answer) => ({
    status: answer.status,
    ...(await answer.json<StatusBody>()),
  }));
  expect([status, response]).toEqual([202, expect.anything()]);
  return response.correlationId;
};

describe("a request with Reply-To", () => {
  test("is told of once, when it has ended, by a signed event with the URL of its status", async () => {
    const id = await send({ "reply-to": `<${RECEIVER}/hook?tenant=7>` });
    expect(await statusOf(id)).toMatchObject({ state: "accepted", version: 0, webhook: { state: "pending", attempts: 0 } });
    await deliver([replyTo(id)]);
    const [first, ...others] = await receivedOf(id);
    expect(others).toEqual([]);
    const verified = new Webhook(testEnv.WEBHOOK_SECRET).verify(first?.body ?? "", first?.headers ?? {});
    expect(verified).toEqual({
      type: "request.succeeded",
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: { correlationId: id, operation: "sum", status: expect.stringMatching(new RegExp(`^https?://[^/]+/status/${id}$`)) },
    });
    expect(await until(id, "delivered", 1)).toEqual({ state: "delivered", attempts: 1, lastStatus: 204 });
    const ended = await call(`/status/${id}`);
    // Attempts change the body and not the version.
    expect([ended.headers.get("etag"), await ended.json()]).toEqual([null, expect.objectContaining({ state: "succeeded" })]);
    expect((await receivedOf(id)).length).toBe(1);
  });

  test("is tried again later, and the status says when and why", async () => {
    const id = await send({ "reply-to": `${RECEIVER}/status/503?retry-after=3600` });
    await deliver([replyTo(id)]);
    const webhook = await until(id, "pending", 1);
    expect(webhook).toMatchObject({ lastStatus: 503, lastError: "It answered 503." });
    // The receiver asked for an hour.
    expect(Date.parse(String(webhook.nextAttemptAt)) - Date.now()).toBeGreaterThan(3_500_000);
  });

  test("is told of no more when the receiver answers 410", async () => {
    const id = await send({ "reply-to": `${RECEIVER}/status/410` });
    await deliver([replyTo(id)]);
    expect(await until(id, "disabled", 1)).toMatchObject({ lastStatus: 410 });
  });

  test("is replayed when its caller asks for it, with the same webhook-id", async () => {
    const id = await send({ "reply-to": `${RECEIVER}/status/410` });
    const early = await call(`/status/${id}/webhook`, { method: "POST" });
    expect([early.status, (await early.json<{ code: string }>()).code]).toEqual([409, "NOT_ENDED"]);
    await deliver([replyTo(id)]);
    await until(id, "disabled", 1);
    const replayed = await call(`/status/${id}/webhook`, { method: "POST" });
    expect([replayed.status, await replayed.json()]).toEqual([202, expect.objectContaining({ state: "pending", attempts: 0 })]);
    await vi.waitFor(async () => expect((await receivedOf(id)).length).toBe(2), 10_000);
    const ids = (await receivedOf(id)).map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids)).toEqual(new Set([`wh_${id}`]));
  });

  test("with an Idempotency-Key is one webhook, however often it is sent", async () => {
    const headers = { "reply-to": `${RECEIVER}/hook`, "idempotency-key": crypto.randomUUID() };
    const [id, again] = [await send(headers), await send(headers)];
    expect(again).toBe(id);
    await deliver([replyTo(id)]);
    await until(id, "delivered", 1);
    expect((await receivedOf(id)).length).toBe(1);
  });

  test.each([
    ["", "absolute"],
    ["hello", "absolute"],
    ["http://receiver.example/", "https://"],
    ["https://user:pass@receiver.example/", "password"],
    ["https://receiver.example:8443/", "port 443"],
    ["https://169.254.169.254/latest", "address"],
    ["https://[::1]/", "address"],
    ["<https://a.example/>, <https://b.example/>", "absolute"],
    ["https://metadata.internal/", "public name"],
  ])("is refused before anything is sent, if the URL is %j", async (url, reason) => {
    const response = await post("sum", { a: 2, b: 3 }, { "reply-to": url });
    const { code, detail } = await response.json<{ code: string; detail: string }>();
    expect([response.status, code, detail]).toEqual([400, "INVALID_REPLY_TO", expect.stringContaining(reason)]);
  });

  test("is refused by a Worker without webhooks, which says how to switch them on", async () => {
    const variables = { WEBHOOK_SECRET: undefined, WEBHOOK_SIGNING_KEY: undefined };
    const headers = { "content-type": "application/json", "reply-to": "https://receiver.example/" };
    const response = await host.callOther({ variables }, "/requests/sum", { method: "POST", headers, body: '{"a":1,"b":2}' });
    const { code, detail } = await response.json<{ code: string; detail: string }>();
    expect([response.status, code, detail]).toEqual([501, "NOT_SUPPORTED", expect.stringContaining("WEBHOOK_SIGNING_KEY")]);
  });
});

describe("a request without Reply-To", () => {
  test("has no webhook, and says nothing of one", async () => {
    const id = await send({});
    await deliver([replyTo(id)]);
    expect(await statusOf(id)).not.toHaveProperty("webhook");
    for (const method of ["GET", "POST"]) {
      const response = await call(`/status/${id}/webhook`, { method });
      expect([response.status, (await response.json<{ code: string }>()).code]).toEqual([404, "UNKNOWN_WEBHOOK"]);
    }
  });
});

describe("an API key with a URL", () => {
  test("is told of the end of each request that names no other", async () => {
    const { key, view } = await create({ webhook: `${RECEIVER}/of-the-key` });
    expect(view).toMatchObject({ webhook: `${RECEIVER}/of-the-key` });
    const authorization = `Bearer ${key}`;
    const [own, other] = [await send({ authorization }), await send({ authorization, "reply-to": `${RECEIVER}/other` })];
    await deliver([replyTo(own), replyTo(other)]);
    expect((await receivedOf(own)).map(({ path }) => path)).toEqual(["/of-the-key"]);
    expect((await receivedOf(other)).map(({ path }) => path)).toEqual(["/other"]);
  });

  test("nobody else sees the webhook of its requests, nor has it sent again", async () => {
    const [mine, other] = [await create({ webhook: `${RECEIVER}/of-the-key` }), await create()];
    const id = await send({ authorization: `Bearer ${mine.key}` });
    await deliver([replyTo(id)]);
    await until(id, "delivered", 1, { authorization: `Bearer ${mine.key}` });
    const others: readonly Record<string, string>[] = [{}, { authorization: `Bearer ${other.key}` }];
    for (const headers of others)
      for (const method of ["GET", "POST"]) {
        const response = await call(`/status/${id}/webhook`, { method, headers });
        expect([response.status, (await response.json<{ code: string }>()).code]).toEqual([404, "UNKNOWN_CORRELATION_ID"]);
      }
    expect(await receivedOf(id)).toHaveLength(1);
  });

  test("shows its webhooks to a token for the status too, which does not have them sent again", async () => {
    const { key } = await create({ webhook: `${RECEIVER}/of-the-key` });
    const headers = { authorization: `Bearer ${key}` };
    const id = await send(headers);
    const given = await call(`/status/${id}/token`, { method: "POST", headers });
    const byToken = { authorization: `Bearer ${(await given.json<{ token: string }>()).token}` };
    await deliver([replyTo(id)]);
    await until(id, "delivered", 1, byToken);
    const replayed = await call(`/status/${id}/webhook`, { method: "POST", headers: byToken });
    expect([replayed.status, (await replayed.json<{ code: string }>()).code]).toEqual([403, "INSUFFICIENT_SCOPE"]);
  });

  test("gets no more after a 410, until a replay succeeds", async () => {
    const { key } = await create({ webhook: `${RECEIVER}/status/410` });
    const headers = { authorization: `Bearer ${key}` };
    const first = await send(headers);
    await deliver([replyTo(first)]);
    await until(first, "disabled", 1, headers);
    const second = await send(headers);
    await deliver([replyTo(second)]);
    expect(await until(second, "disabled", 0, headers)).toMatchObject({ lastError: expect.stringContaining("410") });
  });

  test("is not made with a URL that nobody may call", async () => {
    const refused = await ask({
      action: "create",
      key: { id: "abcdefgh", hash: "0".repeat(64), subject: "ada", scopes: ["requests:*"], webhook: "https://10.0.0.1/" },
    });
    expect([refused.status, (await refused.json<{ detail: string }>()).detail]).toEqual([400, expect.stringContaining("address")]);
  });
});
