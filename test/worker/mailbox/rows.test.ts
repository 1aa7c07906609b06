import { expect, test } from "vitest";
import { createRows, endOfPeriod } from "../../../worker/mailbox/rows.ts";
import { expire, settle } from "../../../worker/mailbox/rules.ts";
import type { NewReply, StatusKey } from "../../../worker/status-store.ts";
import { createTestKv, openMailbox, rowsOf, tablesOf, takesAll } from "../support/mailbox.ts";
import { createId, emitting, keyOf, replyFor } from "../support/worker.ts";
import type { TestStorage } from "../support/test-host.ts";
import { host } from "../hosts/cloudflare/test-host.ts";

/** As version 0.1.0 made it, before late replies were kept. */
const OLD_TABLE = `CREATE TABLE status (
  expires_at INTEGER NOT NULL,
  correlation_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  archived_at INTEGER,
  http_status INTEGER NOT NULL,
  attempt INTEGER,
  reply_id TEXT,
  operation TEXT,
  body TEXT,
  PRIMARY KEY (expires_at, correlation_id)
) WITHOUT ROWID`;

const insertOld = (sql: TestStorage["sql"], { expiresAt, text }: StatusKey, state: string, updatedAt: number): void => {
  sql.exec(
    "INSERT INTO status (expires_at, correlation_id, version, state, updated_at, http_status, reply_id, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    ...[expiresAt, text, 1, state, updatedAt, 504, state === "expired" ? null : "r", "{}"],
  );
};

const { inStorage } = host;
/** Cloudflare bills the rows that are written. */
const isBilled = host.name === "cloudflare";

/** Counts the rows that are billed as written. */
const countWritten = (storage: TestStorage) => {
  let written = 0;
  const exec = (query: string, ...values: (string | number | null)[]) => {
    const cursor = storage.sql.exec(query, ...values) as ReturnType<TestStorage["sql"]["exec"]> & { readonly rowsWritten: number };
    const rows = cursor.toArray();
    written += cursor.rowsWritten;
    return { rowsWritten: cursor.rowsWritten, toArray: () => rows };
  };
  return { sql: { exec }, written: () => written };
};

/** The keys of requests accepted at that time. */
const keysAt = async (createdAt: number, count: number, { deadlineSeconds = 30, retentionSeconds = 3_630 } = {}): Promise<StatusKey[]> => {
  const ids = await Promise.all(
    Array.from({ length: count }, () => createId({ agoMs: Date.now() - createdAt, deadlineSeconds, retentionSeconds })),
  );
  return ids.map(keyOf);
};
const replyOf = (key: StatusKey) => replyFor({ ...key, owner: "" });
const NOON = Date.parse("2026-06-01T12:00:00Z");
const MINUTE = 60_000;

test("a table that an earlier version made is opened with its rows, and keeps late replies from then on", async () => {
  const id = await createId();
  await inStorage(({ sql }) => {
    sql.exec(OLD_TABLE);
    insertOld(sql, keyOf(id), "expired", id.createdAt);
    const rows = createRows(sql);
    const current = rows.find(keyOf(id));
    expect(current).toMatchObject({ state: "expired", version: 1, body: "{}", lateReply: null, replyId: null });
    const { next } = settle(current, replyFor(id), id.createdAt);
    if (next !== undefined) rows.update(keyOf(id), next);
    const reopened = createRows(sql);
    expect(reopened.find(keyOf(id))).toMatchObject({
      state: "expired",
      version: 2,
      lateReply: expect.stringContaining('{"sum":5}') as string,
    });
  });
});

test("a table of a period that an earlier version made gets what came later", async () => {
  const id = await createId();
  await inStorage(({ sql }) => {
    const name = `status_${endOfPeriod(id) / MINUTE}`;
    sql.exec(OLD_TABLE.replace("status", name));
    sql.exec(
      `INSERT INTO ${name} (expires_at, correlation_id, version, state, updated_at, http_status, reply_id) VALUES (?, ?, 1, ?, ?, 202, ?)`,
      ...[id.expiresAt, id.text, "processing", id.createdAt, "r"],
    );
    const rows = createRows(sql);
    const { next } = settle(rows.find(keyOf(id)), replyFor(id, { state: "processing", attempt: 2, news: { progress: "1" } }), id.createdAt);
    if (next !== undefined) rows.update(keyOf(id), next);
    expect(createRows(sql).find(keyOf(id))).toMatchObject({ version: 2, details: { progress: "1" } });
  });
});

test("chunks whose statuses an earlier version has dropped are dropped too", async () => {
  await inStorage(async (storage) => {
    const { mailbox } = openMailbox(storage, { kv: createTestKv().kv, now: Date.now });
    const id = await createId();
    await mailbox.write([emitting(id, "run", 0, ["1"])]);
    const name = tablesOf(storage).find((table) => table.startsWith("status_"));
    storage.sql.exec(`DROP TABLE ${name}`);
    expect(createRows(storage.sql).find(keyOf(id))).toBeUndefined();
    expect(tablesOf(storage).filter((table) => table.startsWith("chunks"))).toEqual([]);
  });
});

test.runIf(isBilled)("a plain request costs one row as ever, and chunks cost one for each batch, and none to be forgotten", async () => {
  await inStorage(async (storage) => {
    let now = NOON;
    const { sql, written } = countWritten(storage);
    const { mailbox, alarm } = openMailbox(storage, { kv: createTestKv().kv, now: () => now, sql });
    const [first, plain, streamed] = (await keysAt(NOON, 3)) as [StatusKey, StatusKey, StatusKey];
    const costOf = async (replies: readonly NewReply[]): Promise<number> => {
      const before = written();
      await mailbox.write(replies);
      return written() - before;
    };
    await mailbox.write([replyOf(first)]);
    expect(await costOf([replyOf(plain)])).toBe(1);
    expect(tablesOf(storage).filter((name) => /^(?:chunks|cancellations)/.test(name))).toEqual([]);
    const id = { ...streamed, owner: "" };
    await mailbox.write([emitting(id, "run", 0, ["1"])]);
    // The status, and what is new.
    expect(await costOf([emitting(id, "run", 1, ["2", "3"])])).toBe(2);
    await mailbox.write([replyFor(id)]);
    const kept = written();
    while (alarm() !== null) {
      now = alarm() ?? now;
      await mailbox.sweep();
    }
    expect([rowsOf(storage), written() - kept]).toEqual([{}, 0]);
  });
});

test("a consumer that comes later, or after the mailbox was reset, learns which requests are to be cancelled", async () => {
  const [open, ended, overdue] = (await keysAt(NOON, 3)) as [StatusKey, StatusKey, StatusKey];
  await inStorage(async (storage) => {
    let now = NOON;
    const { kv } = createTestKv();
    const reset = () => openMailbox(storage, { kv, now: () => now }).mailbox;
    const mailbox = reset();
    for (const key of [open, ended]) await mailbox.cancel(key);
    expect(reset().openCancellations().toSorted()).toEqual([open.text, ended.text].toSorted());
    await reset().write([replyFor({ ...ended, owner: "" }, { state: "cancelled" })]);
    expect(reset().openCancellations()).toEqual([open.text]);
    await reset().cancel(overdue);
    now += 2 * MINUTE;
    expect(reset().openCancellations()).toEqual([]);
    await reset().sweep();
    expect(storage.sql.exec("SELECT * FROM cancellations").toArray()).toEqual([]);
  });
});

test("what a handler has emitted can be read until its status expires, also from KV, and after a late change of the status", async () => {
  const [key] = (await keysAt(NOON, 1, { retentionSeconds: 86_400 })) as [StatusKey];
  const id = { ...key, owner: "" };
  await inStorage(async (storage) => {
    let now = NOON;
    const { kv, values } = createTestKv();
    const opened = openMailbox(storage, { kv, now: () => now, batches: takesAll });
    const { mailbox, alarm } = opened;
    const texts = async () => (await mailbox.readChunks(key, 0)).flatMap((chunks) => chunks.texts);
    await mailbox.write([emitting(id, "one", 0, ["0"]), emitting(id, "run", 0, ["1"]), emitting(id, "run", 1, ["2", "3"])]);
    await mailbox.write([replyFor(id, { state: "failed", body: "{}" })]);
    let isRedriven = false;
    for (now = NOON; now < key.expiresAt - 10 * MINUTE; now += 5 * MINUTE) {
      if ((alarm() ?? now) <= now) await mailbox.sweep();
      expect(await texts(), new Date(now).toISOString()).toEqual(["1", "2", "3"]);
      // The status comes back from KV, and its chunks stay there.
      if (now < NOON + 5 * 60 * MINUTE || isRedriven) continue;
      expect([rowsOf(storage), values.size]).toEqual([{}, 2]);
      const next = { ...key, text: "A".repeat(63) };
      expect(await mailbox.redrive(key, { topic: "requests", value: "{}", headers: [] }, next)).toMatchObject({ outcome: "stored" });
      isRedriven = true;
    }
    expect(await mailbox.read(key, 0)).toMatchObject({ state: "failed", version: 5, details: { redrivenAs: "A".repeat(63) } });
    expect([rowsOf(storage), values.size]).toEqual([{}, 2]);
  });
});

test("rows of an earlier version stay until they expire or are in KV, while new ones come beside them", async () => {
  const [old, oldLong] = [await keysAt(NOON, 2), await keysAt(NOON, 2, { retentionSeconds: 86_400 })];
  const [fresh] = await keysAt(NOON + MINUTE, 1);
  await inStorage(async (storage) => {
    storage.sql.exec(OLD_TABLE);
    for (const key of [...old, ...oldLong]) insertOld(storage.sql, key, "succeeded", NOON);
    let now = NOON + MINUTE;
    const { kv, values } = createTestKv();
    const { mailbox, alarm } = openMailbox(storage, { kv, now: () => now });
    const all = [...old, ...oldLong, fresh as StatusKey];
    expect(await mailbox.write(all.map(replyOf))).toEqual(["duplicate", "duplicate", "duplicate", "duplicate", "stored"]);
    for (let sweeps = 0; alarm() !== null; sweeps++) {
      expect(sweeps).toBeLessThan(20);
      for (const key of all.filter(({ expiresAt }) => expiresAt > now))
        expect(await mailbox.read(key, 0)).toMatchObject({ state: "succeeded" });
      now = alarm() ?? now;
      await mailbox.sweep();
    }
    expect(rowsOf(storage)).toEqual({});
    expect([...values.keys()].toSorted()).toEqual(oldLong.map(({ text }) => text).toSorted());
  });
});

test.runIf(isBilled)("no row is written to forget those that have expired", async () => {
  const keys = await keysAt(NOON, 50);
  await inStorage(async (storage) => {
    let now = NOON;
    const { sql, written } = countWritten(storage);
    const { mailbox, alarm } = openMailbox(storage, { kv: createTestKv().kv, now: () => now, sql });
    await mailbox.write(keys.map(replyOf));
    const kept = written();
    expect(Object.values(rowsOf(storage)).flat()).toHaveLength(50);
    while (alarm() !== null) {
      now = alarm() ?? now;
      await mailbox.sweep();
    }
    expect(rowsOf(storage)).toEqual({});
    expect(written() - kept).toBe(0);
  });
});

test.runIf(isBilled)("statuses that outlive the mailbox cost no row either, beyond the few that say how far it is", async () => {
  const keys = await keysAt(NOON, 50, { retentionSeconds: 86_400 });
  await inStorage(async (storage) => {
    let now = NOON;
    const { sql, written } = countWritten(storage);
    const { kv, values } = createTestKv();
    const { mailbox, alarm } = openMailbox(storage, { kv, now: () => now, sql });
    await mailbox.write(keys.map(replyOf));
    const kept = written();
    while (alarm() !== null) {
      now = alarm() ?? now;
      await mailbox.sweep();
    }
    expect([rowsOf(storage), values.size]).toEqual([{}, 50]);
    expect(written() - kept).toBeLessThan(5);
  });
});

test("requests of one time share a table, whatever their retention, and those that are long overdue make none", async () => {
  const at = (hours: number, options = {}) => keysAt(NOON - hours * 60 * MINUTE, 1, options);
  const keys = [
    await at(0),
    await at(0, { retentionSeconds: 16_000_000 }),
    await at(0, { deadlineSeconds: 7_200, retentionSeconds: 9_000 }),
  ].flat();
  const overdue = (await Promise.all([1, 2, 3, 4].map((hours) => at(hours, { retentionSeconds: 86_400 })))).flat();
  await inStorage((storage) => {
    const rows = createRows(storage.sql);
    for (const key of [...keys, ...overdue]) expect(rows.insert(key, expire(undefined, NOON), NOON)).toBe(true);
    for (const key of [...keys, ...overdue]) expect(rows.insert(key, expire(undefined, NOON), NOON)).toBe(false);
    expect(
      Object.values(rowsOf(storage))
        .map((ids) => ids.length)
        .toSorted(),
    ).toEqual([1, 2, 4]);
    for (const key of [...keys, ...overdue]) expect(createRows(storage.sql).find(key)).toMatchObject({ state: "expired" });
  });
});

test("a transaction that failed leaves no belief in the tables that it had made", async () => {
  const [key] = await keysAt(NOON, 1);
  if (key === undefined) return;
  await inStorage((storage) => {
    const rows = createRows(storage.sql);
    rows.isEmpty();
    const before = tablesOf(storage);
    expect(() =>
      storage.transactionSync(() => {
        rows.insert(key, expire(undefined, NOON), NOON);
        throw new Error("The disk is full");
      }),
    ).toThrow("The disk is full");
    rows.forget();
    expect([tablesOf(storage), rows.find(key), rows.isEmpty()]).toEqual([before, undefined, true]);
    expect(rows.insert(key, expire(undefined, NOON), NOON)).toBe(true);
    expect(rows.find(key)).toMatchObject({ state: "expired" });
  });
});
