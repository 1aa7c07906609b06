import { describe, expect, test } from "vitest";
import * as z from "zod";
import { aggregate, defineContract, operation } from "../../../contract/index.ts";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import type { Claim } from "../../../worker/request-publisher.ts";
import type { Reply } from "../../../protocol/reply-event.ts";
import type { StatusBody } from "../../../protocol/status.ts";
import { createApp } from "../../../worker/app.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { publisherOf } from "../support/publisher.ts";
import { redrive } from "../support/redrives.ts";
import { deliver, replyTo } from "../support/replies.ts";
import { createTraceparent, headersOf } from "../support/requests.ts";
import { call, createId, idsAt, post } from "../support/worker.ts";

const account = z.string();
const cents = z.int().positive();
const accounts = aggregate({
  events: { debited: z.strictObject({ cents }) },
  commands: {
    debit: operation({ request: z.strictObject({ account, cents }), reply: z.null(), errors: { TOO_LITTLE_MONEY: { status: 409 } } }),
  },
  id: (request) => request.account,
});

/** The API with the commands of accounts, and what it produces. */
const createBank = () => {
  const produced: ProducerRecord[] = [];
  const claimed: (Claim | undefined)[] = [];
  const publisher = publisherOf(async (_key, record, _wait, _waiting, _consumer, claim) => {
    produced.push(record);
    claimed.push(claim);
    return { outcome: "stored", status: undefined };
  });
  const app = createApp({
    contract: defineContract({ account: accounts, sum: operation({ request: z.unknown(), reply: z.unknown() }) }),
    ids: idsAt(),
    publisher,
    statuses: host.mailbox,
    shards: 1,
    source: "/worker",
    corsOrigins: [],
    replySecrets: [],
  });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    app.request(path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
  const send = (name: string, body: unknown, headers?: Record<string, string>) => post(`/requests/${name}`, body, headers);
  /** The version that the newest record expects. */
  const expected = () => produced.at(-1)?.headers.find(({ key }) => key === "ce_expectedversion")?.value;
  return { app, post, send, produced, claimed, expected };
};

test("a command is sent like any operation, and its record has the ID of the aggregate as key, in the topic of the commands", async () => {
  const { send, produced } = createBank();
  expect((await send("account.debit", { account: "ada", cents: 5 })).status).toBe(202);
  expect(produced).toMatchObject([{ topic: "account-commands", key: "ada", value: '{"account":"ada","cents":5}' }]);
  expect(produced[0]?.headers).toContainEqual({ key: "ce_type", value: "account.debit" });
});

test("a command that does not fit its schema is refused, and so is one that the aggregate does not have", async () => {
  const { send, produced } = createBank();
  const [unfit, unknown] = await Promise.all([send("account.debit", { account: "ada", cents: -5 }), send("account.close", {})]);
  expect(await unfit.json()).toMatchObject({ status: 422, code: "INVALID_REQUEST", errors: [{ path: "/cents" }] });
  expect(await unknown.json()).toMatchObject({ status: 404, code: "UNKNOWN_OPERATION" });
  expect(produced).toEqual([]);
});

test("the contract describes a command as it does an operation", async () => {
  const { app } = createBank();
  const { operations } = (await (await app.request("/contract")).json()) as { operations: Record<string, unknown> };
  expect(operations["account.debit"]).toMatchObject({ errors: { TOO_LITTLE_MONEY: { status: 409 } } });
});

const DEBIT = { account: "ada", cents: 5 };

describe("If-Match", () => {
  test.each(["0", "7", "999999999999999"])("has the version %s in the record of the command", async (version) => {
    const { send, expected } = createBank();
    expect((await send("account.debit", DEBIT, { "if-match": `"${version}"` })).status).toBe(202);
    expect(expected()).toBe(version);
  });

  test("that is absent leaves the record as it was", async () => {
    const { send, expected } = createBank();
    await send("account.debit", DEBIT);
    expect(expected()).toBeUndefined();
  });

  test.each(['W/"7"', '"seven"', '"07"', '""', '"7,8"', '"1234567890123456"'])(
    "of %s is a tag that no version has, so it never matches: 412, and nothing is sent",
    async (field) => {
      const { send, produced } = createBank();
      const response = await send("account.debit", DEBIT, { "if-match": field });
      expect([response.status, await response.json()]).toEqual([412, expect.objectContaining({ code: "VERSION_MISMATCH" })]);
      expect(produced).toEqual([]);
    },
  );

  test.each(["7", "*", '"7", "8"', '"7', 'w/"7"', ""])("of %j is not one version: 400, and nothing is sent", async (field) => {
    const { send, produced } = createBank();
    const response = await send("account.debit", DEBIT, { "if-match": field });
    expect([response.status, await response.json()]).toEqual([400, expect.objectContaining({ code: "INVALID_IF_MATCH" })]);
    expect(produced).toEqual([]);
  });

  test("for an operation that is no command has nothing to match: 400, and nothing is sent", async () => {
    const { send, produced } = createBank();
    const response = await send("sum", 1, { "if-match": '"7"' });
    expect(await response.json()).toMatchObject({ status: 400, code: "INVALID_IF_MATCH", detail: expect.stringContaining("no command") });
    expect(produced).toEqual([]);
  });

  test("is part of what an Idempotency-Key stands for", async () => {
    const { send, claimed } = createBank();
    const key = { "idempotency-key": "once" };
    for (const headers of [key, { ...key, "if-match": '"7"' }, { ...key, "if-match": '"8"' }, { ...key, "if-match": ' "7" ' }])
      await send("account.debit", DEBIT, headers);
    const requests = claimed.map((claim) => claim?.request);
    expect(new Set(requests).size).toBe(3);
    expect(requests[3]).toBe(requests[1]);
    expect(new Set(claimed.map((claim) => claim?.name)).size).toBe(1);
  });
});

describe("ifMatch of an item of a batch", () => {
  const batch = async (items: readonly object[], headers?: Record<string, string>) => {
    const bank = createBank();
    const response = await bank.post("/requests:batch", { requests: items }, headers);
    return { ...bank, body: (await response.json()) as { results: { status: number; code?: string }[] } };
  };
  const debit = { operation: "account.debit", data: DEBIT };

  test("is the version that its aggregate must have", async () => {
    const { body, expected } = await batch([{ ...debit, ifMatch: 7 }]);
    expect([body.results[0]?.status, expected()]).toEqual([202, "7"]);
  });

  test.each([
    ["no version", { ...debit, ifMatch: "7" }],
    ["less than none", { ...debit, ifMatch: -1 }],
    ["a fraction", { ...debit, ifMatch: 1.5 }],
    ["null", { ...debit, ifMatch: null }],
    ["for no command", { operation: "sum", data: 1, ifMatch: 7 }],
  ])("that is %s refuses that item alone", async (_, item) => {
    const { body, produced } = await batch([item, debit]);
    expect(body.results.map(({ status, code }) => code ?? status)).toEqual(["INVALID_IF_MATCH", 202]);
    expect(produced).toHaveLength(1);
  });

  test("is the only way: the header refuses the batch, whose items are of different aggregates", async () => {
    const { body, produced } = await batch([debit], { "if-match": '"7"' });
    expect(body).toMatchObject({ status: 400, code: "INVALID_IF_MATCH", detail: expect.stringContaining("ifMatch") });
    expect(produced).toEqual([]);
  });
});

describe("the commit of a command", () => {
  const commit = { position: "account.3.17.generation", aggregateVersion: 7 };
  const HEADERS = { "rejoinder-position": commit.position, "rejoinder-aggregate-version": "7" };
  const problem = { type: "about:blank", title: "Too little", status: 409, code: "TOO_LITTLE_MONEY" };

  /** What a caller gets who waits for a reply that is there. */
  const waited = async (overrides: Partial<Reply>): Promise<Response> => {
    const key = { "idempotency-key": crypto.randomUUID() };
    const { correlationId } = await (await post("sum", { a: 2, b: 3 }, key)).json<StatusBody>();
    await deliver([replyTo(correlationId, overrides)]);
    return post("sum", { a: 2, b: 3 }, { ...key, prefer: "wait=5" });
  };

  test.each([
    ["succeeded", 200, { data: { sum: 5 } }],
    ["failed", 409, { data: problem }],
  ] as const)("that %s is told by headers to who waited", async (state, status, reply) => {
    const response = await waited({ state, ...commit, ...reply });
    expect([response.status, Object.fromEntries(response.headers)]).toEqual([status, expect.objectContaining(HEADERS)]);
  });

  test("is not told where there is none", async () => {
    const { headers } = await waited({});
    expect(Object.keys(HEADERS).map((name) => headers.get(name))).toEqual([null, null]);
  });

  test("is in the status, after news and in events too", async () => {
    const { correlationId } = await (await post("sum", { a: 2, b: 3 })).json<StatusBody>();
    await deliver([replyTo(correlationId, { state: "processing", data: { progress: 1 } })]);
    await deliver([replyTo(correlationId, commit)]);
    const status = await (await call(`/status/${correlationId}`)).json();
    expect(status).toMatchObject({ state: "succeeded", progress: 1, reply: { sum: 5 }, ...commit });
    const events = await (await call(`/status/${correlationId}`, { headers: { accept: "text/event-stream" } })).text();
    expect(events).toContain(`"position":"${commit.position}","aggregateVersion":7`);
  });

  test("that came too late is beside the reply that did", async () => {
    const { text } = await createId({ agoMs: 200_000 });
    await call(`/status/${text}`);
    await deliver([replyTo(text, commit)]);
    expect(await (await call(`/status/${text}`)).json()).toMatchObject({ state: "expired", lateReply: { reply: { sum: 5 }, ...commit } });
  });

  test.each([{ position: "account" }, { aggregateVersion: -1 }])("of %j refuses the batch of replies", async (bad) => {
    expect((await deliver([replyTo((await createId()).text, { ...commit, ...bad })])).status).toBe(400);
  });
});

test("a command that is sent again expects the version that it did", async () => {
  const { text } = await createId({ agoMs: 40_000 });
  await deliver([replyTo(text, { state: "failed", data: { type: "about:blank", title: "No", status: 500, code: "HANDLER_FAILED" } })]);
  const traceparent = createTraceparent();
  const request = { correlationId: text, operation: "sum", data: { a: 2, b: 3 }, traceparent };
  expect(await (await redrive({ ...request, expectedVersion: "7" })).json()).toMatchObject({ status: 400, code: "INVALID_REDRIVE" });
  expect((await redrive({ ...request, expectedVersion: 7 })).status).toBe(202);
  expect((await headersOf(traceparent)).get("ce_expectedversion")).toBe("7");
});
