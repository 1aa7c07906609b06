import type { DatabaseSync } from "node:sqlite";

/** The last commit of a key that counts, and how many did. */
export type LastCommit = { readonly last: string; readonly version: number };

/** How far somebody has followed the commits of a partition that reads it from its beginning, beside the one who writes the states. */
export type LinkTable = {
  /** All commits before this offset are in. */
  next(): number;
  /** Undefined for a key without commits. */
  read(key: string): LastCommit | undefined;
  // What follows is called within a transaction.
  write(key: string, last: LastCommit): void;
  setNext(next: number): void;
  /** Begins anew. */
  reset(): void;
  /** Whether there is anything to sweep. */
  hasOld(): boolean;
  /** Deletes up to so many of those that a reset has left. @returns how many it were */
  sweep(limit: number): number;
  /** A transaction was rolled back: what is remembered of the file may be wrong. */
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

/** Keys that are remembered beside the file. */
const MAX_REMEMBERED = 20_000;

export const openLinkTable = (database: DatabaseSync): LinkTable => {
  database.exec(SCHEMA);
  const selectProgress = database.prepare("SELECT epoch, next FROM view_links_progress");
  if (selectProgress.get() === undefined) database.exec("INSERT INTO view_links_progress (epoch, next) VALUES (1, 0)");
  const selectLink = database.prepare("SELECT last, version FROM view_links WHERE epoch = ? AND key = ?");
  const upsertLink = database.prepare("INSERT OR REPLACE INTO view_links (epoch, key, last, version) VALUES (?, ?, ?, ?)");
  const updateNext = database.prepare("UPDATE view_links_progress SET next = ?");
  const nextEpoch = database.prepare("UPDATE view_links_progress SET epoch = epoch + 1, next = 0");
  const deleteOld = database.prepare(
    "DELETE FROM view_links WHERE (epoch, key) IN (SELECT epoch, key FROM view_links WHERE epoch < ? ORDER BY epoch, key LIMIT ?)",
  );
  const selectOld = database.prepare("SELECT epoch FROM view_links WHERE epoch < ? LIMIT 1");
  const progress = () => selectProgress.get() as { readonly epoch: number; readonly next: number };
  let { epoch } = progress();
  let remembered = new Map<string, LastCommit | undefined>();

  return {
    next: () => progress().next,
    read(key) {
      if (remembered.has(key)) return remembered.get(key);
      const link = selectLink.get(epoch, key) as LastCommit | undefined;
      if (remembered.size >= MAX_REMEMBERED) remembered = new Map();
      remembered.set(key, link);
      return link;
    },
    write(key, link) {
      upsertLink.run(epoch, key, link.last, link.version);
      remembered.set(key, link);
    },
    setNext: (next) => void updateNext.run(next),
    reset() {
      nextEpoch.run();
      epoch = progress().epoch;
      remembered.clear();
    },
    hasOld: () => selectOld.get(epoch) !== undefined,
    sweep: (limit) => Number(deleteOld.run(epoch, limit).changes),
    rolledBack() {
      epoch = progress().epoch;
      remembered.clear();
    },
  };
};
