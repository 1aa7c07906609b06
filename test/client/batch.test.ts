import { expect, onTestFinished, test } from "vitest";
import { ClientError, createClient } from "../../client/index.ts";
import { createProblem } from "../../protocol/problem.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { contract } from "../project/app/contract.ts";
import { failureOf, openClient, skipPauses, SUM } from "./opened-client.ts";
import { hangUp, html, json, pending, problem, refused, statusBody, type Step } from "./scripted-server.ts";

const OWN_KEY = /^"[0-9a-f]{32}"$/;

const accepted = (correlationId: string, members: object = {}) => ({
  status: 202,
  location: `/status/${correlationId}`,
  retryAfterSeconds: 0,
  ...statusBody("accepted", 0, { correlationId, ...members }),
});
const refusedItem = (code: ErrorCode, members: object = {}) => ({ ...createProblem(code), ...members });
const batch = (...results: readonly object[]): Step => json(200, {}, { results });

/** Ends each request whose status is asked for, with its ID as its sum. */
const ends: Step = (response, request) =>
  json(
    200,
    {},
    statusBody("succeeded", 1, { correlationId: request.url?.slice("/status/".length), reply: { sum: request.url } }),
  )(response, request);

const sums = (count: number) => Array.from({ length: count }, () => ({ operation: "sum", request: SUM }) as const);

test("sends several requests in one call with one key, and follows each of those that were accepted", async () => {
  const { client, server } = await openClient(batch(accepted("a"), refusedItem("INVALID_REQUEST"), accepted("b")), ends);
  const [first, second, third] = client.submitAll(sums(3));
  expect(await first?.accepted).toBe("a");
  expect(await failureOf(second?.reply as Promise<unknown>)).toMatchObject({ code: "INVALID_REQUEST", status: 422 });
  expect([await first?.reply, await third?.reply]).toEqual([{ sum: "/status/a" }, { sum: "/status/b" }]);
  expect(server.calls[0]).toBe("POST /requests:batch wait=0");
  expect(server.calls.slice(1).map((call) => call.slice(0, 13))).toEqual(["GET /status/a", "GET /status/b"]);
  expect(server.keys).toEqual([expect.stringMatching(OWN_KEY), undefined, undefined]);
});

test("shows the status of each as any other", async () => {
  const { client } = await openClient(batch(accepted("a")), ends);
  const [submission] = client.submitAll([{ operation: "sum", request: SUM }]);
  const statuses = [];
  for await (const status of submission) statuses.push(status);
  expect(statuses[0]).toEqual(statusBody("accepted", 0, { correlationId: "a" }));
  expect(statuses.map(({ state }) => state)).toEqual(["accepted", "succeeded"]);
});

test("sends all again with the same key when nobody answers, or when it is not known what has become of one", async () => {
  skipPauses();
  const unclaimed = batch(accepted("a"), refusedItem("STORE_UNAVAILABLE"));
  const again = batch(accepted("a", { state: "succeeded", version: 1, idempotentReplayed: true }), accepted("b"));
  const { client, server } = await openClient(hangUp, html(502), unclaimed, again, ends);
  const submissions = client.submitAll(sums(2), { idempotencyKey: "mine" });
  expect(submissions.map(({ idempotencyKey }) => idempotencyKey)).toEqual(["mine", "mine"]);
  expect(await Promise.all(submissions.map(({ reply }) => reply))).toEqual([{ sum: "/status/a" }, { sum: "/status/b" }]);
  expect(server.keys).toEqual(['"mine"', '"mine"', '"mine"', '"mine"', undefined, undefined]);
});

test("rejects all when nobody answers for long, and names the key", async () => {
  skipPauses();
  const { client, server } = await openClient(hangUp);
  for (const { reply, idempotencyKey } of client.submitAll(sums(2)))
    expect(await failureOf(reply)).toMatchObject({ code: "UNANSWERED", idempotencyKey });
  expect(server.calls).toHaveLength(6);
});

test("sends what the server could not take then again, alone", async () => {
  skipPauses();
  const busy = refusedItem("OVERLOADED", { retryAfterSeconds: 0 });
  const { client, server } = await openClient(batch(busy, busy), (response, request) =>
    (request.method === "POST" ? pending() : ends)(response, request),
  );
  await Promise.all(client.submitAll(sums(2)).map(({ reply }) => reply));
  const [whole, ...alone] = server.calls.map((call, index) => [call, server.keys[index]]).filter(([call]) => call?.startsWith("POST"));
  expect(alone).toEqual(Array.from(alone, () => ["POST /requests/sum wait=0", expect.stringMatching(OWN_KEY)]));
  expect([alone.length, new Set([whole, ...alone].map((call) => call?.[1])).size]).toEqual([2, 3]);
});

test("follows what Kafka may have, and calls it accepted once that is certain", async () => {
  const unknown = refusedItem("PRODUCE_UNKNOWN", { correlationId: "a", location: "/status/a", retryable: false });
  let statuses = 0;
  const { client } = await openClient(batch(unknown), (response, request) =>
    (statuses++ === 0 ? pending("accepted") : ends)(response, request),
  );
  const [submission] = client.submitAll([{ operation: "sum", request: SUM }]);
  expect(submission.correlationId).toBeUndefined();
  await submission.accepted;
  expect(statuses).toBe(2);
});

test("rejects all with what holds for all of them", async () => {
  const { client } = await openClient(refused(problem(403, "INSUFFICIENT_SCOPE")));
  for (const { reply } of client.submitAll(sums(2))) expect(await failureOf(reply)).toMatchObject({ code: "INSUFFICIENT_SCOPE" });
});

test("sends without a key to a server that takes none, unless it was given one", async () => {
  const { client, server } = await openClient(refused("NOT_SUPPORTED"), batch(accepted("a")), ends, refused("NOT_SUPPORTED"));
  await client.submitAll([{ operation: "sum", request: SUM }])[0].reply;
  expect(server.keys.slice(0, 2)).toEqual([expect.stringMatching(OWN_KEY), undefined]);
  const [given] = client.submitAll([{ operation: "sum", request: SUM }], { idempotencyKey: "mine" });
  expect(await failureOf(given.reply)).toMatchObject({ code: "NOT_SUPPORTED" });
});

test("with the contract, leaves out what does not fit, and sends nothing if nothing does", async () => {
  const { server } = await openClient(batch(accepted("a")), (response, request) =>
    json(200, {}, statusBody("succeeded", 1, { correlationId: request.url, reply: { sum: 5 } }))(response, request),
  );
  const client = createClient({ url: server.url, contract });
  onTestFinished(() => client.close());
  const wrong = { operation: "sum", request: { a: 1 } } as never as ReturnType<typeof sums>[number];
  const [first, second] = client.submitAll([wrong, { operation: "sum", request: SUM }]);
  expect(await failureOf(first.reply)).toMatchObject({ code: "INVALID_REQUEST", issues: [expect.anything()] });
  expect(await second.reply).toEqual({ sum: 5 });
  const sent = server.calls.length;
  await failureOf(client.submitAll([wrong])[0].reply);
  expect(server.calls.length).toBe(sent);
});

test("ends the wait for all when it is told to", async () => {
  const { client } = await openClient(batch(accepted("a"), accepted("b")), () => {});
  const submissions = client.submitAll(sums(2));
  await submissions[0]?.accepted;
  client.close();
  for (const { reply } of submissions) expect(await failureOf(reply)).toBeInstanceOf(ClientError);
});
