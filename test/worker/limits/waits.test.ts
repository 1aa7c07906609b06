import { expect, test, vi } from "vitest";
import { createApp } from "../../../worker/app.ts";
import { PUBLIC_OWNER } from "../../../worker/correlation-id.ts";
import { createWaiters } from "../../../worker/mailbox/waiters.ts";
import { contract } from "../../project/app/contract.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { openMailbox, takesAll, createTestKv } from "../support/mailbox.ts";
import type { TestStorage } from "../support/test-host.ts";
import { publisherOf } from "../support/publisher.ts";
import { idsAt } from "../support/worker.ts";

const ADDRESS = "192.0.2.1";
const PLENTY = "192.0.2.2";

/** An API whose mailbox has room for ten waits, of which the two that one address may have are taken. */
const openFull = (storage: TestStorage) => {
  const waiters = createWaiters({ maxWaiters: 10 });
  const { mailbox } = openMailbox(storage, { kv: createTestKv().kv, now: Date.now, waiters, batches: takesAll });
  for (let index = 0; index < 2; index++) waiters.wait("others", 25_000, "end", `${PUBLIC_OWNER} ${ADDRESS}`);
  const app = createApp({
    contract,
    ids: idsAt(),
    publisher: publisherOf((key, record, waitMs, caller) => mailbox.publish(key, record, waitMs, caller)),
    statuses: { ...host.mailbox, read: mailbox.read },
    addressOf: ({ req }) => req.header("x-address"),
    shards: 1,
    source: "/worker",
    corsOrigins: [],
    replySecrets: [],
  });
  const post = async (headers: Record<string, string>) =>
    app.request("/requests/sum", {
      method: "POST",
      headers: { "content-type": "application/json", "x-address": ADDRESS, ...headers },
      body: '{"a":1,"b":2}',
    });
  return { app, post, waiters };
};

test("who has too many waits is refused, unless it takes an answer at once", async () => {
  await host.inStorage(async (storage) => {
    const { app, post, waiters } = openFull(storage);
    const refused = await post({ prefer: "wait=5" });
    expect([refused.status, await refused.json()]).toMatchObject([
      503,
      { code: "OVERLOADED", retryable: true, detail: expect.stringContaining("respond-async") as string },
    ]);

    const accepted = await post({ prefer: "respond-async, wait=5" });
    expect([accepted.status, accepted.headers.get("preference-applied")]).toEqual([202, "respond-async"]);

    const path = String(accepted.headers.get("location"));
    const read = (prefer: string) => app.request(path, { headers: { "x-address": ADDRESS, prefer } });
    expect((await read("wait=5")).status).toBe(503);
    const status = await read("respond-async, wait=5");
    expect([status.status, status.headers.get("preference-applied")]).toEqual([202, null]);
    expect((await read("")).status).toBe(202);
    waiters.end();
  });
});

test("who has too many waits takes no room of others", async () => {
  await host.inStorage(async (storage) => {
    const { post, waiters } = openFull(storage);
    const other = post({ prefer: "wait=5", "x-address": PLENTY });
    await vi.waitUntil(() => waiters.count === 3);
    waiters.end();
    expect((await other).status).toBe(202);
  });
});
