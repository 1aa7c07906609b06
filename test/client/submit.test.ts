import { describe, expect, test } from "vitest";
import type { StatusBody } from "../../client/index.ts";
import { failureOf, openClient, SUM } from "./opened-client.ts";
import { ID, pending, refused, silence, succeeded, unchanged } from "./scripted-server.ts";

describe("submit", () => {
  test("tells when Kafka has the request, each new status, and the reply", async () => {
    const { client, server } = await openClient(pending(), pending(), pending("processing", 1), succeeded({ sum: 5 }));
    const submission = client.submit("sum", SUM);
    const heard: string[] = [];
    submission.onChange(({ state }) => heard.push(state));
    expect(submission.correlationId).toBeUndefined();
    expect(await submission.accepted).toBe(ID);
    expect(submission.correlationId).toBe(ID);
    expect(await submission.reply).toEqual({ sum: 5 });
    expect(heard).toEqual(["accepted", "processing", "succeeded"]);
    expect(server.calls[0]).toBe("POST /requests/sum wait=0");
  });

  test("names what it knows, so that the server tells of the next state, or that there is none", async () => {
    const { client, server } = await openClient(pending(), unchanged, pending("processing", 1), succeeded({ sum: 5 }));
    const submission = client.submit("sum", SUM);
    const heard: string[] = [];
    submission.onChange(({ state }) => heard.push(state));
    expect(await submission.reply).toEqual({ sum: 5 });
    expect(heard).toEqual(["accepted", "processing", "succeeded"]);
    expect(server.known).toEqual([undefined, '"0"', '"0"', '"1"']);
  });

  test("waits for the reply at once when it is accepted, whatever time the server names to come back", async () => {
    const { client } = await openClient(
      pending("accepted", 0, { "retry-after": "3600", "preference-applied": "respond-async" }),
      succeeded({ sum: 5 }),
    );
    expect(await client.submit("sum", SUM).reply).toEqual({ sum: 5 });
  });

  test("rejects both promises of a request that was refused, and it is enough to look at one", async () => {
    const { client } = await openClient(refused("INVALID_REQUEST"));
    const submission = client.submit("sum", SUM);
    expect(await failureOf(submission.accepted)).toMatchObject({ code: "INVALID_REQUEST" });
    expect(await failureOf(submission.reply)).toMatchObject({ code: "INVALID_REQUEST" });
  });

  test("is not accepted before a status shows that an uncertain produce was stored", async () => {
    const { client, server } = await openClient(
      refused("PRODUCE_UNKNOWN", { location: `/status/${ID}` }),
      pending("accepted"),
      pending("processing", 1),
      silence,
    );
    const submission = client.submit("sum", SUM);
    let accepted = false;
    void submission.accepted.then(() => (accepted = true));
    await server.arrived(3);
    expect([accepted, submission.correlationId]).toEqual([false, ID]);
    expect(await submission.accepted).toBe(ID);
    client.close();
  });

  test("asks for the status when it is asked", async () => {
    const { client } = await openClient(pending(), pending("processing", 1));
    const submission = client.submit("sum", SUM);
    expect(await submission.status()).toMatchObject({ correlationId: ID, state: "processing" } satisfies Partial<StatusBody>);
    client.close();
  });

  test("tells a listener nothing more once it has had enough", async () => {
    const { client } = await openClient(pending(), pending("processing", 1), succeeded({ sum: 5 }));
    const submission = client.submit("sum", SUM);
    let count = 0;
    const stop = submission.onChange(() => {
      count += 1;
      stop();
    });
    await submission.reply;
    expect(count).toBe(1);
  });
});

describe("resume", () => {
  test("waits for a request of an earlier page, and sends nothing", async () => {
    const { client, server } = await openClient(pending(), succeeded({ sum: 5 }));
    expect(await client.resume(ID, { operation: "sum" }).reply).toEqual({ sum: 5 });
    expect(server.calls.every((call) => call.startsWith("GET"))).toBe(true);
  });

  test("knows its request at once, and tells the status without waiting for a change", async () => {
    const answer = pending("processing", 1);
    const { client } = await openClient((response, request) => {
      if (/wait=0/.test(String(request.headers.prefer))) answer(response, request);
    });
    const submission = client.resume(ID);
    expect(submission.correlationId).toBe(ID);
    expect(await submission.status()).toMatchObject({ state: "processing" });
    client.close();
  });

  test("rejects when there is no such request", async () => {
    const { client } = await openClient(refused("UNKNOWN_CORRELATION_ID"));
    expect(await failureOf(client.resume("forged").reply)).toMatchObject({ code: "UNKNOWN_CORRELATION_ID", status: 404 });
  });
});
