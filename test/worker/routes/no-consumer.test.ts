import { expect, test } from "vitest";
import * as z from "zod";
import { defineContract, operation } from "../../../contract/index.ts";
import { MAX_LINKED_SHARDS } from "../../../protocol/link.ts";
import { createApp } from "../../../worker/app.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { publisherOf } from "../support/publisher.ts";
import { idsAt } from "../support/worker.ts";

const data = { request: z.json(), reply: z.json() };
const contract = defineContract({
  plain: operation(data),
  patient: operation({ ...data, withoutConsumer: "accept" }),
  answered: operation({ ...data, responder: { headers: "spring", requestTopic: "answered-requests", replyTopic: "answered-replies" } }),
});

/** The API over a mailbox that knows no consumer at all, or over no mailbox. */
const send = async (name: string, { prefer = "wait=20", capabilities = host.mailbox.capabilities, shards = 1 } = {}) => {
  const published: string[] = [];
  const publisher = publisherOf(async (key, _record, _waitMs, _caller, consumerOf) => {
    if (consumerOf !== undefined) return { outcome: "no-consumer" };
    published.push(key.text);
    return { outcome: "stored", status: undefined };
  });
  const app = createApp({
    contract,
    ids: idsAt(),
    publisher,
    statuses: { ...host.mailbox, capabilities },
    shards,
    source: "/worker",
    corsOrigins: [],
    replySecrets: [],
  });
  const headers = { "content-type": "application/json", prefer };
  const { status } = await app.request(`/requests/${name}`, { method: "POST", headers, body: "1" });
  return [status, published.length];
};

test("who merely waits for an operation without a consumer is refused, unless the operation says otherwise", async () => {
  expect(await send("plain")).toEqual([503, 0]);
  expect(await send("patient")).toEqual([202, 1]);
});

test("an operation that a responder answers needs no consumer", async () => {
  expect(await send("answered")).toEqual([202, 1]);
});

test("who can come back for the reply is accepted", async () => {
  expect(await send("plain", { prefer: "respond-async, wait=20" })).toEqual([202, 1]);
  expect(await send("plain", { prefer: "wait=0" })).toEqual([202, 1]);
});

test("nobody is refused where nothing is known of consumers: without a mailbox, and beyond the shards that all of them link to", async () => {
  expect(await send("plain", { capabilities: { ...host.mailbox.capabilities, wait: false } })).toEqual([202, 1]);
  const many = await Promise.all(Array.from({ length: 20 }, () => send("plain", { shards: 65_535 })));
  expect(many.filter(([status]) => status === 202).length).toBeGreaterThan(0);
  const few = await Promise.all(Array.from({ length: 20 }, () => send("plain", { shards: MAX_LINKED_SHARDS })));
  expect(few.filter(([status]) => status === 202)).toEqual([]);
});
