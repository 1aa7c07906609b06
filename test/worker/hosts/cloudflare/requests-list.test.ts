import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { encodeEvent } from "../../../../protocol/kafka-record.ts";
import { mailboxStore } from "../../../../worker/hosts/cloudflare/mailbox-store.ts";
import type { ListPosition } from "../../../../worker/request-index.ts";
import { defineWorker } from "../../../../worker/define-worker.ts";
import { contract } from "../../../project/app/contract.ts";
import { as } from "../../support/tokens.ts";
import { idsAt, keyOf } from "../../support/worker.ts";

const SHARDS = 5;

test("a list has the requests of all shards, page by page in one order", async () => {
  const store = mailboxStore({ namespace: env.MAILBOX, linkedShards: SHARDS });
  const owner = "0123456789ab";
  const start = Date.now();
  const sent: string[] = [];
  for (let count = 0; count < 23; count++) {
    // Some in the same millisecond.
    const ids = idsAt(() => start + (count >> 1));
    const id = await ids.create({ shard: (count * 7) % SHARDS, deadlineSeconds: 30, retentionSeconds: 3_600, owner });
    const event = encodeEvent({ specversion: "1.0", id: id.text, source: "/worker", type: "sum", data: { a: 2, b: 3 } });
    expect((await store.publish(keyOf(id), { topic: "requests", ...event, value: "{}" }, 0)).outcome).toBe("stored");
    sent.push(`${id.createdAt} ${id.text}`);
  }
  for (const limit of [1, 4, 22, 23, 100]) {
    const found: string[] = [];
    let after: ListPosition | undefined;
    do {
      const { requests, next } = await store.list({ owners: [owner], after, limit });
      expect(requests.length).toBeLessThanOrEqual(limit);
      found.push(...requests.map(({ key }) => `${key.createdAt} ${key.text}`));
      after = next;
    } while (after !== undefined);
    expect(found).toEqual(sent.toSorted().toReversed());
  }
});

test("a Worker whose index is off says how to switch it on", async () => {
  const { worker } = defineWorker({ contract });
  const request = new Request("https://api.example/requests", { headers: await as("ada") });
  const response = await worker.fetch(request, { ...env, REQUEST_INDEX: "off" });
  expect(response.status).toBe(501);
  expect(await response.json()).toMatchObject({ code: "NOT_SUPPORTED", detail: expect.stringContaining("REQUEST_INDEX=on") });
});

test("an index over more shards than one list can ask is no configuration", async () => {
  const { worker } = defineWorker({ contract });
  const response = await worker.fetch(new Request("https://api.example/health"), { ...env, MAILBOX_SHARDS: "65" });
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({ code: "MISCONFIGURED", problems: [expect.stringMatching(/^REQUEST_INDEX: .*64/)] });
});
