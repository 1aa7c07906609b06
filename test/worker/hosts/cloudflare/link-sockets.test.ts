import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, onTestFinished, test, vi } from "vitest";
import { mailboxStore } from "../../../../worker/hosts/cloudflare/mailbox-store.ts";
import { MAX_LINKS } from "../../../../worker/link/link-admission.ts";
import { batchOf, HELLO, openLink, requestLink, type TestLink } from "../../support/links.ts";
import { deliver, replyTo } from "../../support/replies.ts";
import { call, createId, keyOf } from "../../support/worker.ts";
import { mailboxOf } from "./test-host.ts";

/** Another stub each time, since one that has seen a reset is broken. */
const mailbox = () => mailboxOf({ shard: 0 });

test("a link goes on after the mailbox hibernated, with the hello that came before", async () => {
  const [first, second] = [await createId(), await createId()];
  const longest = "\u20ac".repeat(255);
  const link = await openLink({ hello: { ...HELLO, instance: longest, version: longest } });
  link.send(batchOf(1, replyTo(first.text)));
  expect(await link.nextFrame()).toMatchObject({ batch: 1, outcomes: ["stored"] });

  await evictDurableObject(mailbox());
  link.send(batchOf(1, replyTo(first.text), replyTo(second.text)));
  expect(await link.nextFrame()).toMatchObject({ batch: 1, outcomes: ["duplicate", "stored"] });

  await evictDurableObject(mailbox());
  link.send(HELLO);
  expect((await link.closed).code).toBe(1_008);
});

test("what a consumer takes is known after the mailbox hibernated", async () => {
  const longest = "\u20ac".repeat(255);
  const takes = ["welcome", "cancel"];
  const link = await openLink({ hello: { ...HELLO, instance: longest, version: longest, takes } });
  const old = await openLink();
  expect(await link.nextFrame()).toMatchObject({ type: "welcome" });

  await evictDurableObject(mailbox());
  const { text } = await createId();
  await call(`/status/${text}`, { method: "DELETE" });
  expect(await link.nextFrame()).toEqual({ type: "cancel", correlationIds: [text] });
  old.send("ping");
  expect(await old.next()).toBe("pong");
  for (const one of [link, old]) {
    one.close();
    await one.closed;
  }
});

test("which operations have a consumer is known after the mailbox hibernated, and not for ever after the link was lost", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);
  const ask = async (operation: string): Promise<string> => {
    const record = { topic: "requests", value: "{}", headers: [] };
    return (await mailboxStore({ namespace: env.MAILBOX }).publish(keyOf(await createId()), record, 0, undefined, operation)).outcome;
  };
  const link = await openLink();
  link.send("ping");
  await link.next();
  await evictDurableObject(mailbox());
  // Wakes it.
  await call(`/status/${(await createId()).text}`);
  pass(5_000);
  expect([await ask("sum"), await ask("echo")]).toEqual(["stored", "no-consumer"]);

  link.close();
  await link.closed;
  expect(await ask("sum")).toBe("stored");
  pass(5_000);
  expect(await ask("sum")).toBe("no-consumer");

  expect((await deliver([], { operations: "sum" })).status).toBe(200);
  await evictDurableObject(mailbox());
  await call(`/status/${(await createId()).text}`);
  pass(80_000);
  expect([await ask("sum"), await ask("echo")]).toEqual(["stored", "no-consumer"]);
  pass(10_000);
  expect(await ask("sum")).toBe("no-consumer");
});

test("a ping is answered while the mailbox hibernates, and does not wake it", async () => {
  const link = await openLink({ hello: null });
  await evictDurableObject(mailbox());
  link.send("ping");
  expect(await link.next()).toBe("pong");
  await expect(evictDurableObject(mailbox())).rejects.toThrow();
  link.close();
  await link.closed;
});

test("the links that were open when the mailbox hibernated still count", async () => {
  const links = await Promise.all(Array.from({ length: MAX_LINKS }, () => openLink()));
  await evictDurableObject(mailbox());
  expect((await requestLink()).status).toBe(503);
  for (const link of links) link.close();
  await Promise.all(links.map(({ closed }) => closed));
  (await openLink()).close();
});

test("links that have not pinged for two minutes make room for another, when there is none", async () => {
  const [first, ...others] = await Promise.all(Array.from({ length: MAX_LINKS }, () => openLink()));
  const alive = first as TestLink;
  expect((await requestLink()).status).toBe(503);
  await runInDurableObject(mailbox(), (_, ctx) => {
    for (const socket of ctx.getWebSockets()) {
      const attachment = socket.deserializeAttachment() as object;
      socket.serializeAttachment({ ...attachment, openedAt: Date.now() - 121_000 });
    }
  });
  alive.send("ping");
  expect(await alive.next()).toBe("pong");

  (await openLink()).close();
  for (const { closed } of others) expect(await closed).toEqual({ code: 1_001, reason: "There was no ping." });
  alive.send("ping");
  expect(await alive.next()).toBe("pong");
  alive.close();
  await alive.closed;
});

test("a link that the mailbox lost on its restart is closed, and its consumer can open another", async () => {
  const link = await openLink();
  await runInDurableObject(mailbox(), (_, ctx) => ctx.abort("A new version of the Worker is there.")).catch(() => {});
  await link.closed;
  (await openLink()).close();
});

test("a mailbox whose storage fails closes the link, and stores the batch when it is sent again", async () => {
  const [first, second] = [await createId(), await createId()];
  const link = await openLink();
  link.send(batchOf(1, replyTo(first.text)));
  await link.next();
  // The table into which the next reply would go.
  await runInDurableObject(mailbox(), (_, { storage: { sql } }) => {
    for (const { name } of sql.exec("SELECT name FROM sqlite_master WHERE name GLOB 'status_*'").toArray())
      sql.exec(`DROP TABLE ${String(name)}`);
  });
  link.send(batchOf(2, replyTo(second.text)));
  expect(await link.closed).toEqual({ code: 1_011, reason: "The batch could not be stored. Send it again." });

  const again = await openLink();
  again.send(batchOf(2, replyTo(second.text)));
  expect(await again.nextFrame()).toMatchObject({ outcomes: ["stored"] });
  again.close();
});

test("a mailbox of a version that knows no links yet, or that is reset meanwhile, asks the consumer to come again", async () => {
  const fetch = () => Promise.reject(new TypeError("Handler does not export a fetch() function."));
  const namespace = { idFromName: () => ({}), get: () => ({ fetch }) } as unknown as typeof env.MAILBOX;
  const opened = mailboxStore({ namespace }).openLink(0, new Request("https://api.example/link/0"));
  await expect(opened).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", retryable: true });
});
