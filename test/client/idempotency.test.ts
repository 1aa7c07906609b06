import { expect, test } from "vitest";
import { failureOf, openClient, skipPauses, SUM } from "./opened-client.ts";
import { hangUp, html, ID, pending, refused, replied, silence, succeeded } from "./scripted-server.ts";

const OWN_KEY = /^"[0-9a-f]{32}"$/;

test("each request that is sent has a key of its own, and nothing else that is asked has one", async () => {
  const { client, server } = await openClient(pending(), succeeded({ sum: 5 }), replied({ sum: 5 }));
  await client.request("sum", SUM);
  await client.request("sum", SUM);
  const [first, asked, second] = server.keys;
  for (const key of [first, second]) expect(key).toMatch(OWN_KEY);
  expect([asked, first === second]).toEqual([undefined, false]);
});

test.each([
  ["the connection is cut", hangUp],
  ["a balancer answers that nobody is there", html(502)],
])("sends the request again with the same key when %s, and does not have it wait", async (_, step) => {
  skipPauses();
  const { client, server } = await openClient(step, step, pending("processing", 1), succeeded({ sum: 5 }));
  expect(await client.request("sum", SUM)).toEqual({ sum: 5 });
  expect(server.calls).toEqual([
    "POST /requests/sum wait=5",
    "POST /requests/sum wait=0",
    "POST /requests/sum wait=0",
    `GET /status/${ID} wait=25`,
  ]);
  expect(new Set(server.keys.slice(0, 3)).size).toBe(1);
});

test("takes a request that has ended meanwhile from the answer to the second sending", async () => {
  skipPauses();
  const { client, server } = await openClient(hangUp, pending("succeeded", 1, {}), silence);
  const submission = client.submit("sum", SUM);
  await submission.reply;
  expect([server.calls.length, submission.correlationId]).toEqual([2, ID]);
});

test("gives up after a while when nobody answers, and names the key, with which the request can be sent again", async () => {
  skipPauses();
  const { client, server } = await openClient(hangUp);
  const submission = client.submit("sum", SUM);
  const { idempotencyKey } = submission;
  expect(await failureOf(submission.reply)).toMatchObject({ code: "UNANSWERED", retryable: false, idempotencyKey });
  expect(server.calls).toHaveLength(6);
  expect(new Set(server.keys)).toEqual(new Set([`"${String(idempotencyKey)}"`]));
});

test("sends again for no longer than the caller waits", async () => {
  const { client } = await openClient(hangUp);
  expect(await failureOf(client.request("sum", SUM, { timeoutMs: 100 }))).toMatchObject({ code: "TIMEOUT" });
});

test("does not send again to what is no API of this kind", async () => {
  const { client, server } = await openClient(html(200), replied({ sum: 5 }));
  expect(await failureOf(client.request("sum", SUM))).toMatchObject({ code: "UNEXPECTED_ANSWER", retryable: false });
  expect(server.calls).toHaveLength(1);
});

test("sends with the key that it is given, whatever is in it", async () => {
  const { client, server } = await openClient(replied({ sum: 5 }));
  await client.request("sum", SUM, { idempotencyKey: String.raw`order "7\8"` });
  expect(server.keys).toEqual([String.raw`"order \"7\\8\""`]);
});

test("sends without a key to a server that takes none, and remembers that", async () => {
  const { client, server } = await openClient(refused("NOT_SUPPORTED"), replied({ sum: 5 }), replied({ sum: 6 }), hangUp);
  expect(await client.request("sum", SUM)).toEqual({ sum: 5 });
  expect(await client.request("sum", SUM)).toEqual({ sum: 6 });
  // What nobody could recognise is not sent twice.
  expect(await failureOf(client.request("sum", SUM))).toMatchObject({ code: "UNANSWERED" });
  expect(server.keys).toEqual([expect.stringMatching(OWN_KEY), undefined, undefined, undefined]);
});

test("does not give up a key that it was given: the caller counts on it", async () => {
  const { client, server } = await openClient(refused("NOT_SUPPORTED"));
  expect(await failureOf(client.request("sum", SUM, { idempotencyKey: "mine" }))).toMatchObject({ code: "NOT_SUPPORTED" });
  expect(server.calls).toHaveLength(1);
});

test("rejects with the server's problem if the key was used for another request", async () => {
  const { client } = await openClient(refused("IDEMPOTENCY_KEY_REUSED"));
  expect(await failureOf(client.request("sum", SUM, { idempotencyKey: "mine" }))).toMatchObject({
    code: "IDEMPOTENCY_KEY_REUSED",
    status: 422,
  });
});
