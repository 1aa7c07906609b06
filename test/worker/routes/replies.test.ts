import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { createReplyEvent, REPLY_BATCH_CONTENT_TYPE } from "../../../protocol/reply-event.ts";
import { deliver, outcomesOf, replyTo, type Signing } from "../support/replies.ts";
import { call, createId, testEnv } from "../support/worker.ts";

const stateOf = async (id: string): Promise<string> => (await (await call(`/status/${id}`)).json<{ state: string }>()).state;
const codeOf = async (response: Response) => [response.status, (await response.json<{ code: string }>()).code];

describe("a batch of replies", () => {
  test("is stored, and says what became of each reply", async () => {
    const [first, second] = [await createId({ shard: 0 }), await createId({ shard: 1 })];
    const replies = [replyTo(first.text), replyTo(second.text), replyTo(first.text)];
    const response = await deliver(replies);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      results: replies.map(({ id, correlationId }, index) => ({ id, correlationId, outcome: index === 2 ? "duplicate" : "stored" })),
    });
  });

  test("sent twice is a duplicate, and changes nothing", async () => {
    const { text } = await createId();
    const replies = [replyTo(text)];
    expect(await outcomesOf(await deliver(replies))).toEqual(["stored"]);
    expect(await outcomesOf(await deliver(replies))).toEqual(["duplicate"]);
    expect(await (await call(`/status/${text}`)).json()).toMatchObject({ version: 1 });
  });

  test("calls a reply unknown whose correlation ID is forged or past its retention", async () => {
    const gone = await createId({ agoMs: 3_700_000 });
    expect(await outcomesOf(await deliver([replyTo("A".repeat(63)), replyTo(gone.text)]))).toEqual(["unknown", "unknown"]);
  });

  test("refuses news and chunks that are larger than a mailbox keeps, and stores all others", async () => {
    const { text } = await createId();
    const large = "x".repeat(64 * 1024);
    const processing = { state: "processing", attempt: 1 } as const;
    const chunks = (first: number, data: readonly unknown[]) =>
      replyTo(text, { ...processing, emitted: { execution: "run", first }, data });
    const replies = [
      replyTo(text, { ...processing, data: { progress: large } }),
      replyTo(text, { ...processing, data: { lastError: { type: "about:blank", title: large, status: 500, code: "C" } } }),
      ...[
        chunks(0, [large]),
        chunks(1, ["x".repeat(1024 * 1024)]),
        chunks(3, [4]),
        chunks(
          1,
          Array.from({ length: 10_000 }, () => 1),
        ),
      ],
      ...[chunks(1, [2]), replyTo(text)],
    ];
    expect(await outcomesOf(await deliver(replies))).toEqual([
      ...["refused", "refused", "stored", "refused", "refused", "refused", "stored", "stored"],
    ]);
    expect(await (await call(`/status/${text}`)).json()).toMatchObject({ state: "succeeded", chunks: [large, 2] });
  });

  test("may be empty", async () => {
    expect(await outcomesOf(await deliver([]))).toEqual([]);
  });

  test("signed with the older of two secrets is taken while they rotate", async () => {
    const { text } = await createId();
    expect(await outcomesOf(await deliver([replyTo(text)], { secret: testEnv.REPLY_SECRET.split(",")[1] }))).toEqual(["stored"]);
  });

  test("signed by the Standard Webhooks library is taken", async () => {
    const { text } = await createId();
    const body = JSON.stringify([createReplyEvent(replyTo(text))]);
    const now = new Date();
    const signature = new Webhook(testEnv.REPLY_SECRET.split(",")[0] as string).sign("msg_1", now, body);
    const headers = {
      "content-type": REPLY_BATCH_CONTENT_TYPE,
      "webhook-id": "msg_1",
      "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
      "webhook-signature": signature,
    };
    expect(await outcomesOf(await call("/replies", { method: "POST", headers, body }))).toEqual(["stored"]);
  });
});

describe("a batch that is refused", () => {
  const nowSeconds = () => Math.floor(Date.now() / 1_000);
  const wrongSecret = "whsec_d3JvbmctLXNlY3JldC13cm9uZy0tc2VjcmV0";

  test.each([
    ["signed with another secret", (): Signing => ({ secret: wrongSecret })],
    ["signed more than five minutes ago", (): Signing => ({ timestampSeconds: nowSeconds() - 310 })],
    ["signed more than five minutes ahead", (): Signing => ({ timestampSeconds: nowSeconds() + 310 })],
  ])("is %s: 401, with the server's time, and nothing is stored", async (_, signing) => {
    const { text } = await createId();
    const response = await deliver([replyTo(text)], signing());
    expect(Math.abs(Date.parse(response.headers.get("date") ?? "") - Date.now())).toBeLessThan(60_000);
    expect(await codeOf(response)).toEqual([401, "UNAUTHORIZED"]);
    expect(await stateOf(text)).toBe("accepted");
  });

  test("is not signed, or changed after it was signed: 401", async () => {
    const { text } = await createId();
    const body = JSON.stringify([createReplyEvent(replyTo(text))]);
    const unsigned = await call("/replies", { method: "POST", headers: { "content-type": REPLY_BATCH_CONTENT_TYPE }, body });
    expect(await codeOf(unsigned)).toEqual([401, "UNAUTHORIZED"]);
    const now = new Date();
    const signature = new Webhook(testEnv.REPLY_SECRET.split(",")[0] as string).sign("msg_1", now, body);
    const headers = {
      "webhook-id": "msg_1",
      "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
      "webhook-signature": signature,
    };
    expect(await codeOf(await call("/replies", { method: "POST", headers, body: body.replace('"sum":5', '"sum":6') }))).toEqual([
      401,
      "UNAUTHORIZED",
    ]);
    expect(await stateOf(text)).toBe("accepted");
  });

  test.each([
    ["not JSON", "[{", 400, "MALFORMED_JSON"],
    ["not an array", "{}", 400, "INVALID_BATCH"],
    ["not of events", "[1]", 400, "INVALID_BATCH"],
    ["of an event that is no reply", '[{"specversion":"1.0","id":"1","source":"/x","type":"sum.accepted"}]', 400, "INVALID_BATCH"],
    ["of more than 500 replies", JSON.stringify(Array.from({ length: 501 }, () => 1)), 413, "BODY_TOO_LARGE"],
    ["of more than 8 MiB", `"${"x".repeat(8 * 1024 * 1024)}"`, 413, "BODY_TOO_LARGE"],
  ])("is %s", async (_, body, status, code) => {
    expect(await codeOf(await deliver([], { body }))).toEqual([status, code]);
  });

  test("has one bad reply: nothing of it is stored", async () => {
    const { text } = await createId();
    const good = createReplyEvent(replyTo(text));
    expect(await codeOf(await deliver([], { body: JSON.stringify([good, { ...good, type: "sum" }]) }))).toEqual([400, "INVALID_BATCH"]);
    expect(await stateOf(text)).toBe("accepted");
  });

  test("has a reply of more than 1 MiB: 413", async () => {
    const { text } = await createId();
    expect(await codeOf(await deliver([replyTo(text, { data: "x".repeat(1024 * 1024) })]))).toEqual([413, "BODY_TOO_LARGE"]);
  });

  test("has another content type: 415", async () => {
    expect(await codeOf(await deliver([], { contentType: "application/json" }))).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
  });
});
