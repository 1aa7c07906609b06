import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import type { WebhookEvent } from "../../../worker/webhooks/webhook.ts";
import { createWebhookSender } from "../../../worker/webhooks/webhook-sender.ts";
import { createManualTime } from "../../helpers/manual-time.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { testEnv } from "../support/worker.ts";

const RECEIVER = testEnv.WEBHOOK_RECEIVER_URL;

type ReceivedWebhook = { readonly path: string; readonly headers: Record<string, string>; readonly body: string };

const newEvent = (): WebhookEvent => ({
  id: `msg_${crypto.randomUUID()}`,
  type: "request.succeeded",
  timestamp: "2026-01-01T00:00:00.000Z",
  data: { correlationId: "c", operation: "sum", status: "https://api.example/status/c" },
});

/** What the receiver has got of an event, once there is something. */
const receivedOf = async ({ id }: WebhookEvent): Promise<readonly ReceivedWebhook[]> =>
  (await fetch(`${RECEIVER}/seen/${id}`)).json() as Promise<readonly ReceivedWebhook[]>;
/** Resolves once the receiver's connection is closed before it has ended its answer. */
const isCut = async ({ id }: WebhookEvent): Promise<boolean> => (await fetch(`${RECEIVER}/cut/${id}`)).json() as Promise<boolean>;

const send = async (path: string, event = newEvent(), atMs = Date.now()) => {
  const webhooks = await host.openWebhooks();
  return webhooks?.send(RECEIVER + path, event, atMs);
};

/** A sender whose time stands still. `answered` resolves once the head of an answer is here. */
const openStill = async () => {
  const webhooks = await host.openWebhooks();
  if (webhooks === undefined) throw new Error("no webhooks");
  const time = createManualTime();
  const answered = Promise.withResolvers<void>();
  const sender = createWebhookSender({
    ...webhooks,
    time,
    fetch: async (url, init) => {
      const response = await webhooks.fetch(url, init);
      answered.resolve();
      return response;
    },
  });
  return { send: sender, time, answered: answered.promise };
};

describe("a webhook", () => {
  test("is one POST of a thin event, signed at this attempt", async () => {
    const event = newEvent();
    expect(await send("/hook?of=mine", event)).toEqual({ outcome: "delivered", status: 204 });
    const [{ path, headers, body } = { path: "", headers: {}, body: "" }] = await receivedOf(event);
    expect(path).toBe("/hook");
    expect(headers).toMatchObject({ "content-type": "application/json", "webhook-id": event.id });
    expect(headers["user-agent"]).toMatch(/^rejoinder\/\S+ \(webhooks\)$/);
    expect(new Webhook(testEnv.WEBHOOK_SECRET).verify(body, headers)).toEqual({
      type: "request.succeeded",
      timestamp: "2026-01-01T00:00:00.000Z",
      data: event.data,
    });
  });

  test("has the same id at another attempt, and another time", async () => {
    const event = newEvent();
    await send("/status/500", event, 1_700_000_000_000);
    await send("/status/500", event, 1_700_000_300_999);
    const received = await receivedOf(event);
    expect(received.map(({ headers }) => headers["webhook-timestamp"])).toEqual(["1700000000", "1700000300"]);
    expect(new Set(received.map(({ headers }) => headers["webhook-signature"])).size).toBe(2);
  });
});

describe("what a receiver answers", () => {
  test.each([200, 201, 204, 299])("%i: delivered", async (status) => {
    expect(await send(`/status/${status}`)).toEqual({ outcome: "delivered", status });
  });

  test.each([301, 302, 303, 307, 308])("%i: failed, and the redirect is not followed", async (status) => {
    const event = newEvent();
    expect(await send(`/status/${status}?location=/hook`, event)).toEqual({
      outcome: "failed",
      reason: `It answered ${status}, and redirects are not followed.`,
      status,
    });
    expect((await receivedOf(event)).map(({ path }) => path)).toEqual([`/status/${status}`]);
  });

  test("410: it wants no more", async () => {
    expect(await send("/status/410")).toEqual({ outcome: "gone", status: 410 });
  });

  test.each([400, 401, 404, 429, 500, 502, 503])("%i: failed", async (status) => {
    expect(await send(`/status/${status}`)).toEqual({ outcome: "failed", reason: `It answered ${status}.`, status });
  });

  test.each([
    ["120", 120_000],
    ["0", 0],
    ["99999999999", 86_400_000],
    ["Thu, 01 Jan 2026 00:01:00 GMT", 60_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
    ["Fri, 01 Jan 2027 00:00:00 GMT", 86_400_000],
    ["soon", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["never GMT", undefined],
  ])("Retry-After: %s is understood, and no pause is longer than a day", async (field, retryAfterMs) => {
    const result = await send(`/status/503?retry-after=${encodeURIComponent(field)}`, newEvent(), Date.parse("2026-01-01T00:00:00Z"));
    expect(result).toEqual({
      outcome: "failed",
      reason: "It answered 503.",
      status: 503,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  });

  test("a body without end is cut off, and the webhook is delivered", async () => {
    const event = newEvent();
    expect(await send("/endless", event)).toEqual({ outcome: "delivered", status: 200 });
    expect(await isCut(event)).toBe(true);
  });

  test("a body that comes byte by byte is cut off after 15 s", async () => {
    const event = newEvent();
    const still = await openStill();
    const result = still.send(`${RECEIVER}/drip`, event, Date.now());
    await still.answered;
    still.time.advance(15_000);
    expect(await result).toEqual({ outcome: "delivered", status: 200 });
    expect(await isCut(event)).toBe(true);
  });

  test("nothing: failed after 15 s", async () => {
    const event = newEvent();
    const still = await openStill();
    const result = still.send(`${RECEIVER}/silent`, event, Date.now());
    await receivedOf(event);
    still.time.advance(14_999);
    expect(still.time.timers()).toBe(1);
    still.time.advance(1);
    expect(await result).toEqual({ outcome: "failed", reason: "There was no answer within 15 s." });
    expect(await isCut(event)).toBe(true);
    expect(still.time.timers()).toBe(0);
  });
});

test("a receiver that is not there: failed, and no timer is left", async () => {
  const closed = new URL(testEnv.CLOSED_PORT_URL);
  const webhooks = await host.openWebhooks({ variables: { WEBHOOK_ALLOWED_HOSTS: closed.host } });
  expect(await webhooks?.send(closed.href, newEvent(), Date.now())).toMatchObject({
    outcome: "failed",
    reason: expect.stringMatching(/^The connection failed/) as string,
  });
});

test.each([
  "http://127.0.0.1/",
  "https://169.254.169.254/latest/meta-data/",
  "https://metadata.google.internal/",
  "https://localhost/",
  "https://user:secret@hooks.example.com/",
])("%s is refused, also at an attempt", async (url) => {
  const webhooks = await host.openWebhooks();
  expect(await webhooks?.send(url, newEvent(), Date.now())).toMatchObject({ outcome: "refused" });
});

test("a receiver is allowed by its host and port, and by no other port of it", async () => {
  const webhooks = await host.openWebhooks({ variables: { WEBHOOK_ALLOWED_HOSTS: "127.0.0.1:1" } });
  const event = newEvent();
  expect(await webhooks?.send(`${RECEIVER}/hook`, event, Date.now())).toEqual({
    outcome: "refused",
    reason: "Expected a URL that starts with https://.",
  });
});

test.each(["hooks.example.com", "http://127.0.0.1:80", "127.0.0.1:", "*:80", "*"])(
  "WEBHOOK_ALLOWED_HOSTS=%s is refused by a Worker at its start",
  async (WEBHOOK_ALLOWED_HOSTS) => {
    expect(await host.problemsOf({ variables: { WEBHOOK_ALLOWED_HOSTS } })).toEqual([
      expect.stringMatching(/^WEBHOOK_ALLOWED_HOSTS: Expected host:port/),
    ]);
  },
);
