import type { DatabaseSync } from "node:sqlite";

/** The last commit of a key that counts, and how many did. */
export type LastCommit = { readonly last: string; readonly version: number };

/**
 * How far somebody has followed the commits of a partition that reads it from its beginning, beside the one who writes the states. What is new is in
 * memory until it is flushed: after a restart the headers of those commits are read once more.
 */
export type LinkTable = {
  /** All commits before this offset are in. */
  next(): number;
  /** Undefined for a key without commits. */
  read(key: string): LastCommit | undefined;
  write(key: string, last: LastCommit): void;
  setNext(next: number): void;
  /** There is as much in memory as should be. */
  isFull(): boolean;
  /** Writes what is in memory. Within a transaction. */
  flush(): void;
  /** Begins anew. Within a transaction. */
  reset(): void;
  /** Whether there is anything to sweep. */
  hasOld(): boolean;
  /** Deletes up to so many of those that a reset has left. Within a transaction. @returns how many it were */
  sweep(limit: number): number;
  /** Something failed: what is in memory is forgotten. */
  rolledBack(): void;
};

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS view_links (
    epoch INTEGER NOT NULL,
    key TEXT NOT NULL,
    last TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (epoch, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS view_links_progress (epoch INTEGER NOT NULL, next INTEGER NOT NULL) STRICT;
`;

/** Keys that are remembered beside the file, as they are there. */
const MAX_REMEMBERED = 20_000;
/** What one flush writes at most, and how many records a restart may have to look at again. */
const MAX_NEW = 250;
const MAX_RECORDS = 20_000;

export const openLinkTable = (database: DatabaseSync): LinkTable => {
  database.exec(SCHEMA);
  const selectProgress = database.prepare("SELECT epoch, next FROM view_links_progress");
  if (selectProgress.get() === undefined) database.exec("INSERT INTO view_links_progress (epoch, next) VALUES (1, 0)");
  const selectLink = database.prepare("SELECT last, version FROM view_links WHERE epoch = ? AND key = ?");
  const upsertLink = database.prepare(
    "INSERT INTO view_links (epoch, key, last, version) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET last = excluded.last, version = excluded.version",
  );
  const updateNext = database.prepare("UPDATE view_links_progress SET next = ?");
  const nextEpoch = database.prepare("UPDATE view_links_progress SET epoch = epoch + 1, next = 0");
  const deleteOld = database.prepare(
    "DELETE FROM view_links WHERE (epoch, key) IN (SELECT epoch, key FROM view_links WHERE epoch < ? ORDER BY epoch, key LIMIT ?)",
  );
  const selectOld = database.prepare("SELECT epoch FROM view_links WHERE epoch < ? LIMIT 1");
  const progress = () => selectProgress.get() as { readonly epoch: number; readonly next: number };
  let { epoch, next } = progress();
  let flushedTo = next;
  let remembered = new Map<string, LastCommit | undefined>();
  const added = new Map<string, LastCommit>();

  const forget = (): void => {
    ({ epoch, next } = progress());
    flushedTo = next;
    remembered.clear();
    added.clear();
  };
  const remember = (key: string, link: LastCommit | undefined): void => {
    if (remembered.size >= MAX_REMEMBERED) remembered = new Map();
    remembered.set(key, link);
  };

  return {
    next: () => next,
    read(key) {
      const known = added.get(key) ?? remembered.get(key);
      if (known !== undefined || remembered.has(key)) return known;
      const link = selectLink.get(epoch, key) as LastCommit | undefined;
      remember(key, link);
      return link;
    },
    write: (key, link) => void added.set(key, link),
    setNext: (to) => void (next = to),
    isFull: () => added.size >= MAX_NEW || next - flushedTo >= MAX_RECORDS,
    flush() {
      for (const [key, link] of added) {
        upsertLink.run(epoch, key, link.last, link.version);
        remember(key, link);
      }
      updateNext.run(next);
      added.clear();
      flushedTo = next;
    },
    reset() {
      nextEpoch.run();
      forget();
    },
    hasOld: () => selectOld.get(epoch) !== undefined,
    sweep: (limit) => Number(deleteOld.run(epoch, limit).changes),
    rolledBack: forget,
  };
};
