import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { createId, keyOf, replyFor, testEnv } from "../../support/worker.ts";
import { mailboxOf } from "./test-host.ts";

const RECEIVER = testEnv.WEBHOOK_RECEIVER_URL;

/** A request in a mailbox of its own, which has been sent to Kafka. */
const publish = async (shard: number, path: string, agoMs = 0) => {
  const id = await createId({ shard, agoMs });
  const mailbox = mailboxOf(id);
  const webhook = { url: RECEIVER + path, origin: "https://api.example", operation: "sum" };
  const record = { topic: "requests", value: "{}", headers: [] };
  const [settled] = await mailbox.requests([{ key: keyOf(id), record, waitMs: 0, webhook }], () => {});
  expect(JSON.stringify(settled)).toContain("stored");
  return { id, mailbox };
};

const idsOf = async (text: string): Promise<readonly string[]> => {
  const calls: readonly { readonly headers: Record<string, string> }[] = await (await fetch(`${RECEIVER}/seen/wh_${text}`)).json();
  return calls.map(({ headers }) => headers["webhook-id"] ?? "");
};

test("an object that is reset while a receiver does not answer calls it again by its alarm, with the same webhook-id", async () => {
  const { id, mailbox } = await publish(700, "/silent");
  await mailbox.deliver([replyFor(id)]);
  expect(await idsOf(id.text)).toHaveLength(1);
  const alarm = await runInDurableObject(mailbox, (_, { storage }) => storage.getAlarm());
  // Soon enough that nobody waits for the next sweep.
  expect(Number(alarm) - Date.now()).toBeLessThanOrEqual(60_000);
  await runInDurableObject(
    mailbox,
    (_, { storage }) => void storage.sql.exec("UPDATE webhooks SET delivery = replace(delivery, '/silent', '/hook')"),
  );
  await runInDurableObject(mailbox, (_, state) => state.abort("reset")).catch(() => undefined);
  expect(await runDurableObjectAlarm(mailboxOf(id))).toBe(true);
  await vi.waitFor(async () => expect(await mailboxOf(id).webhook(keyOf(id), "show")).toMatchObject({ state: "delivered" }), 10_000);
  expect(await idsOf(id.text)).toEqual([`wh_${id.text}`, `wh_${id.text}`]);
});

test("the alarm of an object ends a request that nobody answers, and tells it", async () => {
  const { id, mailbox } = await publish(701, "/hook", 120_000);
  await evictDurableObject(mailbox);
  await runDurableObjectAlarm(mailbox);
  await vi.waitFor(async () => expect(await mailbox.webhook(keyOf(id), "show")).toMatchObject({ state: "delivered", attempts: 1 }), 10_000);
  expect(await mailbox.reads([{ key: keyOf(id), waitMs: 0, known: [] }], () => {})).toEqual([
    expect.objectContaining({ value: expect.objectContaining({ state: "expired" }) }),
  ]);
});
