import { describe, expect, test } from "vitest";
import { createProblem } from "../../protocol/problem.ts";
import { failureOf, openClient, SUM } from "./opened-client.ts";
import { ended, ID, json, pending, refused, statusBody, type Step } from "./scripted-server.ts";

const cancelling: Step = json(202, {}, statusBody("cancelling", 1));

/** A server on which a request is under way until somebody cancels it. */
const openCancellable = async (answer: Step) => {
  let isCancelled = false;
  const held: (() => void)[] = [];
  const opened = await openClient((response, request) => {
    if (request.method === "POST") return pending()(response, request);
    if (request.method === "DELETE") {
      answer(response, request);
      isCancelled = true;
      for (const release of held) release();
      return;
    }
    const tell = (): void => ended("cancelled", "CANCELLED")(response, request);
    if (isCancelled) tell();
    else held.push(tell);
  });
  return { ...opened, submission: opened.client.submit("sum", SUM) };
};

describe("cancel", () => {
  test("asks for it, and resolves to the status, in which the request is cancelling", async () => {
    const { submission, server } = await openCancellable(cancelling);
    await submission.accepted;
    expect(await submission.cancel()).toMatchObject({ correlationId: ID, state: "cancelling" });
    expect(server.calls).toContain(`DELETE /status/${ID} wait=0`);
    expect(await failureOf(submission.reply)).toMatchObject({ code: "CANCELLED", status: 409, correlationId: ID });
  });

  test("waits until the server has named the request", async () => {
    const { submission } = await openCancellable(cancelling);
    expect(submission.correlationId).toBeUndefined();
    expect(await submission.cancel()).toMatchObject({ state: "cancelling" });
    await failureOf(submission.reply);
  });

  test("cancels a request of an earlier page", async () => {
    const { client } = await openClient((response, request) => {
      if (request.method === "DELETE") cancelling(response, request);
    });
    const submission = client.resume(ID);
    expect(await submission.cancel()).toMatchObject({ state: "cancelling" });
    client.close();
    await failureOf(submission.reply);
  });

  test.each([
    ["has ended", createProblem("ALREADY_ENDED", { members: { state: "succeeded" } }), { code: "ALREADY_ENDED", status: 409 }],
    ["is not known", createProblem("UNKNOWN_CORRELATION_ID"), { code: "UNKNOWN_CORRELATION_ID", status: 404 }],
    ["is kept where that cannot be said", createProblem("NOT_SUPPORTED"), { code: "NOT_SUPPORTED", status: 501 }],
  ])("rejects for a request that %s", async (_, problem, expected) => {
    const { submission } = await openCancellable(refused(problem));
    const error = await failureOf(submission.cancel());
    expect(error).toMatchObject({ ...expected, correlationId: ID, problem });
    await failureOf(submission.reply);
  });

  test("of a request that was never taken rejects with what kept it from being taken", async () => {
    const { client } = await openClient(refused("INVALID_REQUEST"));
    const submission = client.submit("sum", SUM);
    expect(await failureOf(submission.cancel())).toMatchObject({ code: "INVALID_REQUEST" });
    await failureOf(submission.reply);
  });

  test("rejects when the client is closed", async () => {
    const { client, submission } = await openCancellable(() => client.close());
    expect(await failureOf(submission.cancel())).toMatchObject({ code: "CLOSED" });
    await failureOf(submission.reply);
  });
});

test("a request that is cancelling is still on its way, and may end well", async () => {
  const { client } = await openClient(pending(), cancelling, json(200, {}, statusBody("succeeded", 2, { reply: { sum: 5 } })));
  const submission = client.submit("sum", SUM);
  const states: string[] = [];
  for await (const { state } of submission) states.push(state);
  expect(states).toEqual(["accepted", "cancelling", "succeeded"]);
  expect(await submission.reply).toEqual({ sum: 5 });
});

test("a produce of which the outcome is unknown is not accepted because somebody wants it cancelled", async () => {
  const { client, server } = await openClient(refused("PRODUCE_UNKNOWN", { location: `/status/${ID}` }), cancelling, () => {});
  const submission = client.submit("sum", SUM);
  let isAccepted = false;
  submission.accepted.then(
    () => (isAccepted = true),
    () => {},
  );
  await server.arrived(3);
  expect(isAccepted).toBe(false);
  client.close();
  await failureOf(submission.reply);
});
