import { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import type { EventLog } from "../../../consumer/events/event-log.ts";
import type { CountedCommit, PartitionProjector, Projector } from "../../../consumer/aggregates/projector.ts";
import type { ViewProgress, Watched } from "../../../consumer/observe/observer.ts";
import { projection, type AnyProjection } from "../../../consumer/views/projection.ts";
import type { ViewShipper } from "../../../consumer/views/shipper.ts";
import { createViewProjector } from "../../../consumer/views/view-projector.ts";
import { aggregate } from "../../../contract/aggregate.ts";
import { type Contract, defineContract } from "../../../contract/contract.ts";
import { operation } from "../../../contract/operation.ts";
import { view } from "../../../contract/view.ts";
import type { Log } from "../../../environment/log.ts";
import { systemTime, type Time } from "../../../environment/time.ts";
import { createCommitFold } from "../../../protocol/commit-fold.ts";
import { type Commit, createCommitId, decodeCommit, encodeCommit, readCommitLink } from "../../../protocol/commit-record.ts";
import type { ConsumerRecord } from "../../../protocol/kafka-record.ts";
import { generationOf } from "../../../protocol/position.ts";
import { createTransact } from "../../../storage/database-file.ts";
import { createRecordedLog } from "../log.ts";

const cents = z.int();

/** Accounts that only have events: whoever appends is the test. */
export const account = aggregate({
  events: { credited: z.strictObject({ cents, to: z.string().optional() }), closed: z.strictObject({}) },
  commands: { credit: operation({ request: z.strictObject({ account: z.string(), cents }), reply: z.null() }) },
  id: ({ account }) => account,
});

/** The rows of a version: each adds up in its own way, so that none passes for another. */
export const balancesOf = (version: number) => view({ from: account, version, row: z.strictObject({ cents, commits: z.int() }) });

export const projectionOf = (version: number): AnyProjection =>
  projection(balancesOf(version), {
    key: ({ id, data }) => (data as { to?: string }).to ?? id,
    on: {
      credited: (row, data, { version: commits }) => ({ cents: (row?.cents ?? 0) + data.cents * version, commits }),
      closed: () => null,
    },
  }) as AnyProjection;

export const contractOf = (version: number): Contract => defineContract({ account, balances: balancesOf(version) });

/** One partition of a log, in memory. */
export type PartitionLog = Omit<EventLog, "append"> & {
  readonly records: ConsumerRecord[];
  /** Appends a commit with these events, decided on the last one of its key. @returns its offset */
  append(key: string, ...events: readonly { readonly type: string; readonly data: unknown }[]): number;
  /** Appends one that was decided on something else. */
  appendVoid(key: string): void;
  /** Appends a record that is no commit. */
  appendOther(): void;
  /** Other commits than before. */
  wipe(): void;
  /** From now on reads fail. */
  fail: Error | undefined;
};

export const TOPIC = "account-events";

export const createPartitionLog = ({ perRead = 100 } = {}): PartitionLog => {
  const last = new Map<string, string>();
  let changed = Promise.withResolvers<void>();
  const store = (record: Pick<ConsumerRecord, "key" | "value" | "headers">): number => {
    log.records.push({ topic: TOPIC, partition: 0, offset: log.records.length, timestamp: 0, ...record });
    changed.resolve();
    changed = Promise.withResolvers();
    return log.records.length - 1;
  };
  const commitOf = (key: string, after: string, events: readonly { readonly type: string; readonly data: unknown }[]): Commit => {
    const commit = createCommitId();
    return {
      key,
      commit,
      after,
      command: `command-${commit}`,
      events: events.map(({ type, data }, index) => ({
        specversion: "1.0",
        id: `${commit}/${index}`,
        source: "test",
        type: `account.${type}`,
        data,
      })),
    };
  };
  const log: PartitionLog = {
    name: "memory",
    records: [],
    fail: undefined,
    append(key, ...events) {
      const commit = commitOf(key, last.get(key) ?? "", events);
      last.set(key, commit.commit);
      return store(encodeCommit(commit));
    },
    appendVoid: (key) => void store(encodeCommit(commitOf(key, createCommitId(), [{ type: "credited", data: { cents: 1_000_000 } }]))),
    appendOther: () => void store({ key: null, value: "hello", headers: [] }),
    wipe() {
      log.records.length = 0;
      last.clear();
    },
    partitions: async (topics) => new Map(topics.map((topic) => [topic, 1])),
    faults: async () => [],
    ends: async () => ({ first: 0, end: log.records.length }),
    async read({ offset }, { waitMs, signal }) {
      await Promise.resolve();
      if (log.fail !== undefined) throw log.fail;
      if (waitMs > 0 && offset >= log.records.length) {
        const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        await Promise.race([changed.promise, aborted]);
      }
      signal.throwIfAborted();
      const records = log.records.slice(offset, offset + perRead);
      return { records, next: offset + records.length, end: log.records.length };
    },
    close: async () => {},
  };
  return log;
};

/** A row as a file has it. */
export type KeptRow = { readonly key: string; readonly offset: number; readonly row: unknown };

/** Plays the writer of a partition: folds what is in the log, in transactions on a file of SQLite. */
export type StagedWriter = {
  readonly database: DatabaseSync;
  readonly log: ReturnType<typeof createRecordedLog>;
  readonly projecting: PartitionProjector;
  /** Takes up to so many records in one transaction; all of them if there is no number. */
  take(records?: number): void;
  /** The same, and the process dies before the transaction ends. */
  dieTaking(records: number): void;
  /** The process dies between transactions. */
  die(): void;
  close(): Promise<void>;
  views(): readonly ViewProgress[];
  /** The rows of the version that the program has, by key; those that were removed are null. */
  rows(view?: string): readonly KeptRow[];
};

type StagedWriterOptions = {
  readonly file: string;
  readonly events: PartitionLog;
  readonly version?: number;
  readonly projector?: (parts: { readonly log: Log; readonly watch: (watched: Watched) => void }) => Projector;
  readonly shipper?: ViewShipper;
  readonly time?: Time;
  /** The states are read again from the beginning, as those of another decider. */
  readonly isReset?: boolean;
};

/** Ships nothing. */
export const NO_SHIPPER: ViewShipper = { ship: () => ({ changed: () => {}, shipped: undefined, close: () => {} }) };

export const openWriter = (options: StagedWriterOptions): StagedWriter => {
  const { file, events, version = 1, shipper = NO_SHIPPER, time = systemTime, isReset = false } = options;
  const log = createRecordedLog();
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE IF NOT EXISTS writer (next INTEGER NOT NULL)");
  const stored = database.prepare("SELECT next FROM writer").get() as { next: number } | undefined;
  if (stored === undefined) database.exec("INSERT INTO writer (next) VALUES (0)");
  let next = isReset || stored === undefined ? 0 : stored.next;
  const chain = createCommitFold();
  const versions = new Map<string, number>();
  const counts = (record: ConsumerRecord): number | undefined => {
    if (record.headers.length === 0) return undefined;
    const link = readCommitLink(record);
    if (!chain.add(link)) return undefined;
    versions.set(link.key, (versions.get(link.key) ?? 0) + 1);
    return versions.get(link.key);
  };
  for (const record of events.records.slice(0, next)) counts(record);

  let watched: Watched = {};
  const watch = (more: Watched): void => void (watched = more);
  const projector =
    options.projector?.({ log, watch }) ??
    createViewProjector({
      contract: contractOf(version),
      projections: { balances: projectionOf(version) },
      shipper,
      log,
      observer: { watch },
      time,
    });
  const transact = createTransact(database);
  const projecting = projector.open({
    aggregate: "account",
    topic: TOPIC,
    partition: 0,
    partitions: 1,
    log: events as unknown as EventLog,
    database,
    transact,
    wrote: () => {},
    next,
  });

  const fold = (records: readonly ConsumerRecord[], to: number): void => {
    const commits = records.flatMap((record): CountedCommit[] => {
      const counted = counts(record);
      return counted === undefined ? [] : [{ commit: decodeCommit(record), offset: record.offset, version: counted }];
    });
    database.prepare("UPDATE writer SET next = ?").run(to);
    projecting.fold(commits, to);
  };
  const generation = (): string => {
    const first = events.records.find(({ headers }) => headers.length > 0);
    return first === undefined ? "" : generationOf(readCommitLink(first).commit);
  };

  return {
    database,
    log,
    projecting,
    take(count = events.records.length) {
      const to = Math.min(next + count, events.records.length);
      const records = events.records.slice(next, to);
      if (to > next) transact(() => fold(records, to));
      next = to;
      projecting.committed({ next, generation: generation(), isCaughtUp: next === events.records.length });
    },
    dieTaking(count) {
      const to = Math.min(next + count, events.records.length);
      database.exec("BEGIN IMMEDIATE");
      fold(events.records.slice(next, to), to);
      database.exec("ROLLBACK");
      this.die();
    },
    die() {
      void projecting.close();
      database.close();
    },
    async close() {
      await projecting.close();
      database.close();
    },
    views: () => watched.views?.() ?? [],
    rows(name = "balances") {
      const rows = database
        .prepare(
          "SELECT key, changed, row FROM view_rows JOIN view_versions USING (id) WHERE view = ? AND version = ? AND is_dropped = 0 ORDER BY key",
        )
        .all(name, version) as { key: string; changed: number; row: string | null }[];
      return rows.map(({ key, changed, row }) => ({ key, offset: changed, row: JSON.parse(row ?? "null") as unknown }));
    },
  };
};

/** What the rows must be, by the simplest program that makes them. */
export const foldFromScratch = ({ records }: PartitionLog, version: number, end = records.length): readonly KeptRow[] => {
  const chain = createCommitFold();
  const counts = new Map<string, number>();
  const rows = new Map<string, { offset: number; row: { cents: number; commits: number } | null }>();
  for (const record of records.slice(0, end)) {
    if (record.headers.length === 0 || !chain.add(readCommitLink(record))) continue;
    const { key, events } = decodeCommit(record);
    counts.set(key, (counts.get(key) ?? 0) + 1);
    const before = new Map(rows);
    for (const { type, data } of events) {
      const { cents, to } = data as { cents: number; to?: string };
      const rowKey = to ?? key;
      const row = rows.get(rowKey)?.row ?? null;
      const next = type === "account.closed" ? null : { cents: (row?.cents ?? 0) + cents * version, commits: counts.get(key) as number };
      rows.set(rowKey, { offset: record.offset, row: next });
    }
    // What is as it was before the commit has not changed.
    for (const [rowKey, { row }] of rows) {
      const was = before.get(rowKey);
      if (JSON.stringify(was?.row ?? null) !== JSON.stringify(row)) continue;
      if (was === undefined) rows.delete(rowKey);
      else rows.set(rowKey, was);
    }
  }
  return [...rows]
    .map(([key, { offset, row }]) => ({ key, offset, row }))
    .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
};

/** Lets everything that is ready run, until the condition holds. */
export const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};
