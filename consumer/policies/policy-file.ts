import { rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { Log } from "../../environment/log.ts";
import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import { isBroken } from "../../storage/sqlite-errors.ts";
import { openSyncedFile } from "../../storage/synced-file.ts";
import type { OneWayRequest } from "./one-way-request.ts";

/** The last commit of a key that counts, and how many count. */
export type KeyProgress = { readonly last: string; readonly version: number };

/** How far the policies of a partition are. */
export type Progress = {
  /** The offset to read next. */
  readonly next: number;
  /** What follows from the records from here up to `next` was sent by whoever wrote this file. From those before, others may not have sent it. */
  readonly sentFrom: number;
  /** The ID of the first commit of the partition: a log that begins with another one is another log. Empty: it is not known yet. */
  readonly origin: string;
};

/** A request that waits for its time. */
export type WaitingRequest = Pick<OneWayRequest, "id" | "record" | "dueAt" | "deadline">;

/** What the policies of one partition know, in a file that can be made again from the log. */
export type PolicyFile = {
  progress(): Progress;
  find(key: string): KeyProgress | undefined;
  /** All of it, or nothing. */
  write(changes: {
    readonly progress: Progress;
    readonly keys?: ReadonlyMap<string, KeyProgress>;
    readonly timers?: readonly WaitingRequest[];
  }): void;
  /** Those that are due by then, the oldest first. */
  due(now: number, limit: number): readonly WaitingRequest[];
  /** When the next one is due; undefined if there is none. */
  nextDue(): number | undefined;
  remove(timers: readonly WaitingRequest[]): void;
  /** How many wait, and how many of them were due at that time. */
  count(dueBy: number): { readonly waiting: number; readonly late: number };
  /** Forgets everything. */
  reset(): void;
  close(): Promise<void>;
};

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS progress (
    only INTEGER PRIMARY KEY CHECK (only = 0),
    next INTEGER NOT NULL,
    sent_from INTEGER NOT NULL,
    origin TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS keys (
    key TEXT PRIMARY KEY,
    last TEXT NOT NULL,
    version INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS timers (
    id TEXT PRIMARY KEY,
    due_at INTEGER NOT NULL,
    deadline INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS timers_due ON timers (due_at);
`;

const START: Progress = { next: 0, sentFrom: 0, origin: "" };

/** Makes the tables, if they are not there. */
export const migratePolicyTables = (database: DatabaseSync): void => database.exec(SCHEMA);

type Storage = {
  readonly database: DatabaseSync;
  transact<Result>(run: () => Result): Result;
  /** Told about how many pages a transaction has written. */
  committed(pages: number): void;
  close(): Promise<void>;
};

/** What policies know, in tables that are there. */
export const createPolicyFile = ({ database, transact, committed, close }: Storage): PolicyFile => {
  const selectProgress = database.prepare("SELECT next, sent_from AS sentFrom, origin FROM progress");
  const writeProgress = database.prepare("INSERT OR REPLACE INTO progress (only, next, sent_from, origin) VALUES (0, ?, ?, ?)");
  const selectKey = database.prepare("SELECT last, version FROM keys WHERE key = ?");
  const writeKey = database.prepare("INSERT OR REPLACE INTO keys (key, last, version) VALUES (?, ?, ?)");
  const writeTimer = database.prepare("INSERT OR IGNORE INTO timers (id, due_at, deadline, record) VALUES (?, ?, ?, ?)");
  const selectDue = database.prepare("SELECT id, due_at AS dueAt, deadline, record FROM timers WHERE due_at <= ? ORDER BY due_at LIMIT ?");
  const selectNext = database.prepare("SELECT min(due_at) AS dueAt FROM timers");
  const deleteTimer = database.prepare("DELETE FROM timers WHERE id = ?");
  const countAll = database.prepare("SELECT count(*) AS count FROM timers");
  const countDue = database.prepare("SELECT count(*) AS count FROM timers WHERE due_at <= ?");
  const counted = (row: Readonly<Record<string, unknown>> | undefined): number => Number(row?.["count"]);
  /** Counting them would read all of them. */
  let waiting = counted(countAll.get());

  return {
    progress: () => (selectProgress.get() as Progress | undefined) ?? START,
    find: (key) => selectKey.get(key) as KeyProgress | undefined,
    write({ progress: { next, sentFrom, origin }, keys = new Map(), timers = [] }) {
      waiting += transact(() => {
        writeProgress.run(next, sentFrom, origin);
        for (const [key, { last, version }] of keys) writeKey.run(key, last, version);
        // One that is there already says the same.
        return timers.reduce(
          (added, { id, dueAt, deadline, record }) => added + Number(writeTimer.run(id, dueAt, deadline, JSON.stringify(record)).changes),
          0,
        );
      });
      committed(1 + keys.size + 3 * timers.length);
    },
    due: (now, limit) =>
      selectDue.all(now, limit).map((row) => ({ ...row, record: JSON.parse(String(row["record"])) as ProducerRecord }) as WaitingRequest),
    nextDue: () => (selectNext.get()?.["dueAt"] as number | null) ?? undefined,
    remove(timers) {
      waiting -= transact(() => timers.reduce((removed, { id }) => removed + Number(deleteTimer.run(id).changes), 0));
      committed(1 + 2 * timers.length);
    },
    count: (dueBy) => ({ waiting, late: waiting === 0 ? 0 : counted(countDue.get(dueBy)) }),
    reset() {
      transact(() => database.exec("DELETE FROM timers; DELETE FROM keys; DELETE FROM progress;"));
      waiting = 0;
      committed(1);
    },
    close,
  };
};

/**
 * Opens the file of a folder, for this process alone. Nothing in it needs to survive a power cut, and one that is broken is thrown away.
 * @throws Error if another process has the folder, or it cannot be written
 */
export const openPolicyFile = (folder: string, log: Pick<Log, "warn">): PolicyFile => {
  const open = (): PolicyFile =>
    createPolicyFile(
      openSyncedFile(
        {
          folder,
          file: "policies.sqlite",
          inUse: `Another process is using ${folder}: stop it, or set CONSUMER_DATA_DIR to a folder of its own.`,
          fsync: "os",
          version: 1,
          migrate: migratePolicyTables,
        },
        log,
      ),
    );
  try {
    return open();
  } catch (error) {
    if (!isBroken(error)) throw error;
    log.warn({ err: error, folder }, "what policies knew is broken, and is made again from the log");
    rmSync(folder, { recursive: true, force: true });
    return open();
  }
};
