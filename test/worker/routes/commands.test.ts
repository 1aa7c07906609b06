import { expect, test } from "vitest";
import * as z from "zod";
import { aggregate, defineContract, operation } from "../../../contract/index.ts";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import { createApp } from "../../../worker/app.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { publisherOf } from "../support/publisher.ts";
import { idsAt } from "../support/worker.ts";

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
  const publisher = publisherOf(async (_key, record) => {
    produced.push(record);
    return { outcome: "stored", status: undefined };
  });
  const app = createApp({
    contract: defineContract({ account: accounts }),
    ids: idsAt(),
    publisher,
    statuses: host.mailbox,
    shards: 1,
    source: "/worker",
    corsOrigins: [],
    replySecrets: [],
  });
  const send = (name: string, body: unknown) =>
    app.request(`/requests/${name}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  return { app, send, produced };
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
