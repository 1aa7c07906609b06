import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { mailboxStore } from "../../../../worker/hosts/cloudflare/mailbox-store.ts";
import { createId, replyFor, keyOf } from "../../support/worker.ts";
import { mailboxOf } from "./test-host.ts";

const store = mailboxStore({ namespace: env.MAILBOX });

/** A mailbox of its own for each test. */
let shard = 100;
const nextShard = () => shard++;

/** Makes every row of an overdue request look as if it had last changed that long ago. */
const age = (mailbox: ReturnType<typeof mailboxOf>, ms: number) =>
  runInDurableObject(mailbox, (_, { storage }) => {
    storage.sql.exec("UPDATE status SET updated_at = updated_at - ?, archived_at = archived_at - ?", ms, ms);
  });
const rows = (mailbox: ReturnType<typeof mailboxOf>) =>
  runInDurableObject(mailbox, (_, { storage }) => storage.sql.exec("SELECT correlation_id, archived_at FROM status").toArray());

test("replies are still there after the mailbox was evicted from memory", async () => {
  const id = await createId({ shard: nextShard() });
  const mailbox = mailboxOf(id);
  await mailbox.deliver([replyFor(id)]);
  await evictDurableObject(mailbox);
  expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "succeeded" });
});

test("a finished status that outlives the mailbox moves to KV, and can be read all the time", async () => {
  const id = await createId({ shard: nextShard(), agoMs: 4_000_000, deadlineSeconds: 30, retentionSeconds: 86_400 });
  const mailbox = mailboxOf(id);
  await mailbox.deliver([replyFor(id)]);

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
  expect(await mailbox.deliver([replyFor(id, { body: '{"sum":6}' })])).toEqual(["duplicate"]);
  expect(await store.read(keyOf(id), 0)).toMatchObject({ body: '{"sum":5}' });
});

test("a late reply to a request that expired long ago is kept, though its status has moved to KV", async () => {
  const id = await createId({ shard: nextShard(), agoMs: 4_000_000, deadlineSeconds: 30, retentionSeconds: 86_400 });
  const mailbox = mailboxOf(id);
  expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "expired", version: 1 });
  await age(mailbox, 3_600_000);
  await runDurableObjectAlarm(mailbox);
  await age(mailbox, 300_000);
  await runDurableObjectAlarm(mailbox);
  expect(await rows(mailbox)).toHaveLength(0);

  expect(await store.write([replyFor(id), replyFor(id, { body: '{"sum":6}' })])).toEqual(["late", "late"]);
  const status = { state: "expired", version: 2, lateReply: expect.stringContaining('"reply":{"sum":5}') as string };
  expect(await store.read(keyOf(id), 0)).toMatchObject(status);

  await age(mailbox, 3_600_000);
  await runDurableObjectAlarm(mailbox);
  expect(await env.REPLIES.get(id.text, "json")).toMatchObject(status);
  expect(await store.write([replyFor(id)])).toEqual(["late"]);
});

test("a late reply that comes while KV has the row already goes to KV too", async () => {
  const id = await createId({ shard: nextShard(), agoMs: 4_000_000, deadlineSeconds: 30, retentionSeconds: 86_400 });
  const mailbox = mailboxOf(id);
  await store.read(keyOf(id), 0);
  await age(mailbox, 3_600_000);
  await runDurableObjectAlarm(mailbox);
  expect(await env.REPLIES.get(id.text, "json")).toMatchObject({ state: "expired", version: 1 });
  expect(await store.write([replyFor(id)])).toEqual(["late"]);
  await age(mailbox, 3_600_000);
  await runDurableObjectAlarm(mailbox);
  expect(await env.REPLIES.get(id.text, "json")).toMatchObject({ version: 2, lateReply: expect.stringContaining('"sum":5') as string });
});

test("what an earlier version archived can still be read, and a late reply to it is kept", async () => {
  const [ended, expired] = await Promise.all(
    [1, 2].map(() => createId({ shard: nextShard(), agoMs: 4_000_000, retentionSeconds: 86_400 })),
  );
  if (ended === undefined || expired === undefined) return;
  const archived = { version: 1, updatedAt: ended.createdAt, operation: "sum", attempt: null };
  await env.REPLIES.put(ended.text, JSON.stringify({ ...archived, state: "succeeded", httpStatus: 200, body: '{"sum":5}' }));
  await env.REPLIES.put(expired.text, JSON.stringify({ ...archived, state: "expired", httpStatus: 504, body: "{}" }));
  expect(await store.read(keyOf(ended), 0)).toMatchObject({ state: "succeeded", body: '{"sum":5}', lateReply: null });
  expect(await store.write([replyFor(ended), replyFor(expired)])).toEqual(["duplicate", "late"]);
  expect(await store.read(keyOf(expired), 0)).toMatchObject({ state: "expired", version: 2 });
});

test("the alarm comes back while there are rows, and stays away when there are none", async () => {
  const id = await createId({ shard: nextShard(), agoMs: 1_000_000, retentionSeconds: 3_600 });
  const mailbox = mailboxOf(id);
  const alarm = () => runInDurableObject(mailbox, (_, { storage }) => storage.getAlarm());
  expect(await alarm()).toBeNull();
  await mailbox.deliver([replyFor(id)]);
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
