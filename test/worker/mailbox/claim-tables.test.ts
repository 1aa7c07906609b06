import { expect, test } from "vitest";
import { createArchive } from "../../../worker/archive.ts";
import { createRows } from "../../../worker/mailbox/rows.ts";
import { sweep } from "../../../worker/mailbox/sweep.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { createTestKv, openMailbox, tablesOf, takesAll } from "../support/mailbox.ts";
import type { TestStorage } from "../support/test-host.ts";
import { createId, keyOf } from "../support/worker.ts";

const MINUTE = 60_000;

const claimsIn = (storage: TestStorage): string[] => tablesOf(storage).filter((name) => name.startsWith("claims_"));

const claimOf = async (name: string, { agoMs = 0, retentionSeconds = 3_600 } = {}) => ({
  ...{ name, request: "sum", isSent: false },
  key: keyOf(await createId({ agoMs, retentionSeconds })),
});

const sweepAt = (storage: TestStorage, now: number, maxDroppedRows?: number) =>
  sweep({
    rows: createRows(storage.sql),
    archive: createArchive(createTestKv().kv),
    commit: async (run) => storage.transactionSync(run),
    maxDroppedRows,
    mailboxRetentionMs: 3_600_000,
    now,
  });

test("claims that expire about the same time share a table, which is dropped when all of them have, and no sooner", async () => {
  const claims = await Promise.all(["one", "two"].map((name) => claimOf(name)));
  const longer = await claimOf("three", { retentionSeconds: 86_400 });
  for (const maxDroppedRows of [undefined, 1]) {
    await host.inStorage(async (storage) => {
      const rows = createRows(storage.sql);
      for (const claim of [...claims, longer]) rows.claims.put(claim);
      expect(claimsIn(storage)).toHaveLength(2);
      const { expiresAt } = claims[1]?.key ?? longer.key;
      await sweepAt(storage, expiresAt - 1, maxDroppedRows);
      expect(claimsIn(storage)).toHaveLength(2);
      await sweepAt(storage, expiresAt + 20 * MINUTE, maxDroppedRows);
      expect(claimsIn(storage)).toHaveLength(1);
      expect(createRows(storage.sql).claims.find("three")).toEqual(longer);
      await sweepAt(storage, longer.key.expiresAt + 240 * MINUTE, maxDroppedRows);
      expect(createRows(storage.sql).isEmpty()).toBe(true);
    });
  }
});

test("there are few tables, however long requests are kept", async () => {
  for (const retentionSeconds of [60, 3_600, 86_400, 14 * 86_400, 190 * 86_400]) {
    const ages = Array.from({ length: 200 }, (_, index) => Math.floor((index * retentionSeconds * 1_000) / 200));
    const claims = await Promise.all(ages.map((agoMs) => claimOf(String(agoMs), { agoMs, retentionSeconds })));
    await host.inStorage((storage) => {
      const { claims: tables } = createRows(storage.sql);
      for (const claim of claims) tables.put(claim);
      expect(claimsIn(storage).length).toBeLessThanOrEqual(8);
      for (const claim of claims) expect(tables.find(claim.name)).toEqual(claim);
    });
  }
});

test("a claim of a new request takes the place of the one that had its name, in whichever table that was", async () => {
  const [old, renewed] = [await claimOf("key", { agoMs: 30 * MINUTE }), await claimOf("key")];
  await host.inStorage((storage) => {
    const { claims } = createRows(storage.sql);
    claims.put(old);
    claims.put(renewed);
    expect(claims.find("key")).toEqual(renewed);
    // What is late for the old one does nothing to the new one.
    claims.markSent(old);
    claims.remove(old);
    expect(claims.find("key")).toEqual(renewed);
    claims.markSent(renewed);
    expect(claims.find("key")).toEqual({ ...renewed, isSent: true });
    claims.remove(renewed);
    expect(createRows(storage.sql).claims.find("key")).toBeUndefined();
  });
});

test("a mailbox that has nothing but claims sets its alarm, and forgets them in time", async () => {
  let now = Date.now();
  const id = await createId();
  await host.inStorage(async (storage) => {
    const { mailbox, alarm } = openMailbox(storage, { kv: createTestKv().kv, now: () => now, batches: takesAll });
    await mailbox.publish(keyOf(id), { topic: "requests", value: "{}", headers: [] }, 0, undefined, { name: "key", request: "sum" });
    expect(alarm()).not.toBeNull();
    now = id.expiresAt + 20 * MINUTE;
    await mailbox.sweep();
    expect([claimsIn(storage), alarm()]).toEqual([[], null]);
  });
});
