import { expect, test } from "vitest";
import { contract } from "../project/app/contract.ts";
import { createClient, type StatusBody, type Submission } from "../../client/index.ts";
import { failureOf, openClient, SUM } from "./opened-client.ts";
import { ended, ID, pending, refused, replied, scriptedServer, silence, type Step, succeeded } from "./scripted-server.ts";

/** The states that an iteration gives, to its end. */
const statesOf = async (submission: Submission<unknown>): Promise<string[]> => {
  const states: string[] = [];
  for await (const { state } of submission) states.push(state);
  return states;
};

test("an iteration gives each status to the last, and ends", async () => {
  const { client } = await openClient(pending(), pending(), pending("processing", 1), succeeded({ sum: 5 }));
  const submission = client.submit("sum", SUM);
  expect(await statesOf(submission)).toEqual(["accepted", "processing", "succeeded"]);
  expect(await submission.reply).toEqual({ sum: 5 });
});

test("an iteration that begins late gives the last status first", async () => {
  const { client, server } = await openClient(pending(), pending("processing", 1), silence);
  const submission = client.submit("sum", SUM);
  await server.arrived(3);
  const { value } = await submission[Symbol.asyncIterator]().next();
  expect(value).toMatchObject({ correlationId: ID, state: "processing" } satisfies Partial<StatusBody>);
  client.close();
  await failureOf(submission.reply);
});

test("an iteration that begins after the end gives the last status only", async () => {
  const { client } = await openClient(pending(), succeeded({ sum: 5 }));
  const submission = client.submit("sum", SUM);
  await submission.reply;
  expect(await statesOf(submission)).toEqual(["succeeded"]);
});

test("every iteration of a submission gives all of it", async () => {
  const { client } = await openClient(pending(), succeeded({ sum: 5 }));
  const submission = client.submit("sum", SUM);
  expect(await Promise.all([statesOf(submission), statesOf(submission)])).toEqual([
    ["accepted", "succeeded"],
    ["accepted", "succeeded"],
  ]);
});

test.each([
  ["failed", "HANDLER_FAILED"],
  ["expired", "DEADLINE_EXCEEDED"],
] as const)("an iteration ends with the status of a request that has %s, and the reply rejects", async (state, code) => {
  const { client } = await openClient(pending(), ended(state, code));
  const submission = client.submit("sum", SUM);
  expect(await statesOf(submission)).toEqual(["accepted", state]);
  expect(await failureOf(submission.reply)).toMatchObject({ code });
});

test("who only iterates need not look at the reply", async ({ onTestFinished }) => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  onTestFinished(() => void process.off("unhandledRejection", note));
  const { client } = await openClient(pending(), ended("failed", "HANDLER_FAILED"));
  expect(await statesOf(client.submit("sum", SUM))).toEqual(["accepted", "failed"]);
  // Node tells of a rejection that nobody handles once all that is due now is done.
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
});

test("an iteration throws what the reply rejects with, where the request has no last status", async () => {
  const { client } = await openClient(refused("INVALID_REQUEST"));
  await expect(statesOf(client.submit("sum", SUM))).rejects.toMatchObject({ code: "INVALID_REQUEST", status: 422 });
});

test("an iteration throws when the wait has ended before the request", async () => {
  const { client, server } = await openClient(pending(), silence);
  const states = statesOf(client.submit("sum", SUM));
  await server.arrived(2);
  client.close();
  await expect(states).rejects.toMatchObject({ code: "CLOSED", correlationId: ID });
});

test("an iteration ends well with a reply that does not fit the contract, which rejects", async () => {
  const server = await scriptedServer(pending(), succeeded({ sum: "five" }));
  const submission = createClient({ url: server.url, contract }).submit("sum", SUM);
  expect(await statesOf(submission)).toEqual(["accepted", "succeeded"]);
  expect(await failureOf(submission.reply)).toMatchObject({ code: "INVALID_REPLY" });
});

test("an iteration of a request that is answered at once by its reply gives nothing", async () => {
  const { client } = await openClient(replied({ sum: 5 }));
  const submission = client.submit("sum", SUM);
  expect(await statesOf(submission)).toEqual([]);
  expect(await submission.reply).toEqual({ sum: 5 });
});

test("who leaves an iteration leaves the request alone", async () => {
  const { client } = await openClient(pending(), pending("processing", 1), succeeded({ sum: 5 }));
  const submission = client.submit("sum", SUM);
  for await (const { state } of submission) if (state === "accepted") break;
  expect(await submission.reply).toEqual({ sum: 5 });
});

test("a resumed request is iterated, too", async () => {
  const script: readonly Step[] = [pending("processing", 1), succeeded({ sum: 5 })];
  const { client } = await openClient(...script);
  expect(await statesOf(client.resume(ID, { operation: "sum" }))).toEqual(["processing", "succeeded"]);
});
