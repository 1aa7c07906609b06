import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { mailboxStore } from "../../../../worker/hosts/cloudflare/mailbox-store.ts";
import { createId, deliveryFor, keyOf, mailboxOf } from "../../support/worker.ts";

const store = mailboxStore({ namespace: env.MAILBOX });

/** A mailbox of its own for each test. */
let shard = 100;
const nextShard = () => shard++;

/** Makes every row look as if it had last changed that long ago. */
const age = (mailbox: ReturnType<typeof mailboxOf>, ms: number) =>
  runInDurableObject(mailbox, (_, { storage }) => {
    storage.sql.exec("UPDATE status SET updated_at = updated_at - ?, archived_at = archived_at - ?", ms, ms);
  });
const rows = (mailbox: ReturnType<typeof mailboxOf>) =>
  runInDurableObject(mailbox, (_, { storage }) => storage.sql.exec("SELECT correlation_id, archived_at FROM status").toArray());

test("replies are still there after the mailbox was evicted from memory", async () => {
  const id = await createId({ shard: nextShard() });
  const mailbox = mailboxOf(id);
  await mailbox.deliver([deliveryFor(id)]);
  await evictDurableObject(mailbox);
  expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "succeeded" });
});

test("a finished status that outlives the mailbox moves to KV, and can be read all the time", async () => {
  const id = await createId({ shard: nextShard(), agoMs: 4_000_000, deadlineSeconds: 30, retentionSeconds: 86_400 });
  const mailbox = mailboxOf(id);
  await mailbox.deliver([deliveryFor(id)]);

  await runDurableObjectAlarm(mailbox);
  expect(await env.REPLIES.get(id.text)).toBeNull();

  await age(mailbox, 3_600_000);
  await runDurableObjectAlarm(mailbox);
  expect(await env.REPLIES.get(id.text, "json")).toMatchObject({ state: "succeeded", body: '{"sum":5}' });
  const { keys } = await env.REPLIES.list();
  expect(keys.find(({ name }) => name === id.text)?.expiration).toBe(Math.ceil(id.expiresAt / 1_000));
  expect(await rows(mailbox)).toHaveLength(1);

  await age(mailbox, 300_000);
  await runDurableObjectAlarm(mailbox);
  expect(await rows(mailbox)).toHaveLength(0);
  expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "succeeded", body: '{"sum":5}' });
  expect(await mailbox.deliver([deliveryFor(id, { body: '{"sum":6}' })])).toEqual(["duplicate"]);
  expect(await store.read(keyOf(id), 0)).toMatchObject({ body: '{"sum":5}' });
});

test("an operation that needs no long retention never touches KV, and its row is deleted at its expiry", async () => {
  const id = await createId({ shard: nextShard(), agoMs: 290_000, deadlineSeconds: 60, retentionSeconds: 300 });
  const mailbox = mailboxOf(id);
  await mailbox.deliver([deliveryFor(id)]);
  await runInDurableObject(mailbox, (_, { storage }) => {
    storage.sql.exec("UPDATE status SET expires_at = expires_at - 20000");
  });
  await runDurableObjectAlarm(mailbox);
  expect(await rows(mailbox)).toHaveLength(0);
  expect(await env.REPLIES.get(id.text)).toBeNull();
});

test("the alarm comes back while there are rows, and stays away when there are none", async () => {
  const id = await createId({ shard: nextShard(), agoMs: 290_000, retentionSeconds: 3_600 });
  const mailbox = mailboxOf(id);
  const alarm = () => runInDurableObject(mailbox, (_, { storage }) => storage.getAlarm());
  expect(await alarm()).toBeNull();
  await mailbox.deliver([deliveryFor(id)]);
  expect(await alarm()).not.toBeNull();
  await runDurableObjectAlarm(mailbox);
  expect(await alarm()).not.toBeNull();
  await runInDurableObject(mailbox, (_, { storage }) => {
    storage.sql.exec("UPDATE status SET expires_at = 1");
  });
  await runDurableObjectAlarm(mailbox);
  expect(await alarm()).toBeNull();
});

test("a client that goes away leaves nothing behind for longer than its wait", async () => {
  const id = await createId({ shard: nextShard() });
  const mailbox = mailboxOf(id);
  const abandoned = store.read(keyOf(id), 50);
  expect(await mailbox.waiting()).toBe(1);
  await abandoned;
  expect(await mailbox.waiting()).toBe(0);
});
