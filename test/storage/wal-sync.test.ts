import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished, expect, test } from "vitest";
import { createWalSync } from "../../storage/wal-sync.ts";
import { temporaryFolder } from "../gateway/temporary-folder.ts";

/** A database, and the disk below it, which answers when the test says so. */
const open = async ({ syncMs = 5 } = {}) => {
  const path = join(await temporaryFolder(), "some.sqlite");
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE t (n INTEGER)");
  const syncs: ((error: Error | null) => void)[] = [];
  const state = { syncMs, now: 0, isBroken: false, waits: 0, repairs: 0 };
  const sync = createWalSync({
    path,
    clock: () => state.now,
    repair() {
      state.repairs++;
      if (state.isBroken) throw new Error("the disk is broken");
    },
    disk: {
      fdatasync: (_, callback) => void syncs.push(callback),
      fdatasyncSync() {
        state.waits++;
        state.now += state.syncMs;
        if (state.isBroken) throw new Error("the disk is broken");
      },
    },
  });
  // What the schema has written; after this it is known how fast the disk is.
  await sync.settled();
  onTestFinished(async () => {
    await sync.close();
    database.close();
  });
  return { database, path, sync, syncs, state };
};

const settledYet = (promise: Promise<void> | undefined) =>
  Promise.race([promise?.then(() => "settled") ?? "settled", Promise.resolve().then(() => Promise.resolve("pending"))]);

test("what was committed is durable once a sync that began later has ended", async () => {
  const { sync, syncs } = await open();
  sync.committed();
  const first = sync.settled();
  sync.committed();
  const second = sync.settled();
  expect(syncs).toHaveLength(1);
  syncs.shift()?.(null);
  await first;
  expect(await settledYet(second)).toBe("pending");
  syncs.shift()?.(null);
  await second;
  expect(sync.settled()).toBeUndefined();
});

test("whoever comes while a sync runs, and has committed nothing since it began, waits for that one", async () => {
  const { sync, syncs } = await open();
  sync.committed();
  const writer = sync.settled();
  const reader = sync.settled();
  expect(syncs).toHaveLength(1);
  syncs.shift()?.(null);
  await Promise.all([writer, reader]);
  expect(syncs).toHaveLength(0);
});

test("for a fast disk this thread waits itself", async () => {
  const { sync, syncs, state } = await open({ syncMs: 0.3 });
  const before = state.waits;
  sync.committed();
  expect(sync.settled()).toBeUndefined();
  expect([state.waits - before, syncs.length]).toEqual([1, 0]);
});

test("a disk that was slow for a moment is tried again, and waited for again once it is fast", async () => {
  const { sync, syncs, state } = await open({ syncMs: 5 });
  state.syncMs = 0.3;
  const before = state.waits;
  let syncsElsewhere = 0;
  while (state.waits === before) {
    sync.committed();
    const settled = sync.settled();
    if (settled === undefined) break;
    syncsElsewhere++;
    syncs.shift()?.(null);
    await settled;
  }
  expect(syncsElsewhere).toBeGreaterThan(1);
  sync.committed();
  expect(sync.settled()).toBeUndefined();
  expect(state.waits - before).toBe(2);
});

test("after a sync that failed nothing counts as durable until everything was written once more", async () => {
  const { sync, syncs, state } = await open();
  sync.committed();
  const failing = sync.settled();
  state.isBroken = true;
  syncs.shift()?.(new Error("no room on the disk"));
  await expect(failing).rejects.toThrow("no room on the disk");
  await expect(sync.settled()).rejects.toThrow("the disk is broken");
  expect(sync.failure()).toEqual(new Error("the disk is broken"));
  state.isBroken = false;
  await sync.settled();
  expect([state.repairs, syncs.length, sync.failure()]).toEqual([2, 0, undefined]);
});

test("the room that is reserved for the log changes nothing of what is read after a crash", async () => {
  const { database, path } = await open();
  for (let n = 0; n < 1_000; n++) database.exec(`INSERT INTO t VALUES (${n})`);
  // As a process finds it that comes after one that was killed.
  const copy = join(await temporaryFolder(), "copy.sqlite");
  for (const end of ["", "-wal"]) copyFileSync(path + end, copy + end);
  const found = new DatabaseSync(copy);
  onTestFinished(() => found.close());
  expect(found.prepare("SELECT count(*) AS rows, sum(n) AS sum FROM t").get()).toEqual({ rows: 1_000, sum: 499_500 });
});
