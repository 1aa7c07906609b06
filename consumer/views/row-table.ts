import type { DatabaseSync } from "node:sqlite";

/** A row as it is stored: JSON text, or null if it was removed, and the offset of the commit that changed it last. */
export type StoredRow = { readonly key: string; readonly offset: number; readonly text: string | null };

/** The rows of one version of a view in one partition, as one fold makes them. All that it says is read from the file. */
export type RowTable = {
  readonly view: string;
  readonly version: number;
  /** Hash of the fold. */
  readonly fold: string;
  /** The rows have all commits before this offset. */
  next(): number;
  /** When the rows had all commits of the partition for the first time, in milliseconds since 1970. */
  caughtUpAt(): number | undefined;
  /** Of the partition that the rows are made of; empty if it was not known yet. */
  generation(): string;
  /** The row as JSON text; undefined if there is none. */
  read(key: string): string | undefined;
  /** Rows by the offset of their last change and then their key, after a place. Ends when the caller stops; nothing is written meanwhile. */
  changedAfter(place: RowPlace): Iterable<StoredRow>;
  // What follows is called within a transaction.
  write(row: StoredRow): void;
  setNext(next: number): void;
  setCaughtUp(at: number): void;
  setGeneration(generation: string): void;
};

/** A place between rows: behind all that changed last before `offset`, and behind those of that offset up to `key`, if it is there. */
export type RowPlace = { readonly offset: number; readonly key?: string | undefined };

/** Rows that no fold of this program makes. */
export type FormerRows = { readonly id: number; readonly view: string; readonly version: number };

/** All rows of a partition. */
export type RowTables = {
  /** The rows of a version; none, and `next` 0, if the file has none of this fold. Within a transaction. */
  open(view: string, version: number, fold: string): RowTable;
  /** Drops the rows, and begins anew. Within a transaction. */
  reset(table: RowTable): RowTable;
  /** What else is kept: other versions, and other folds of the same. */
  others(than: readonly RowTable[]): readonly FormerRows[];
  /** Drops them. Within a transaction. */
  drop(rows: readonly FormerRows[]): void;
  /** Whether there is anything to sweep. */
  hasDropped(): boolean;
  /** Deletes up to so many rows that were dropped. Within a transaction. @returns how many it were; less than the limit: none is left */
  sweep(limit: number): number;
};

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS view_versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    view TEXT NOT NULL,
    version INTEGER NOT NULL,
    fold TEXT NOT NULL,
    generation TEXT NOT NULL DEFAULT '',
    next INTEGER NOT NULL DEFAULT 0,
    caught_up_at INTEGER,
    is_dropped INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE IF NOT EXISTS view_rows (
    id INTEGER NOT NULL,
    key TEXT NOT NULL,
    changed INTEGER NOT NULL,
    row TEXT,
    PRIMARY KEY (id, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS view_rows_changed ON view_rows (id, changed, key);
`;

/** Opens the rows in the file of a partition. */
export const openRowTables = (database: DatabaseSync): RowTables => {
  database.exec(SCHEMA);
  const insertVersion = database.prepare("INSERT INTO view_versions (view, version, fold) VALUES (?, ?, ?) RETURNING id");
  const selectKept = database.prepare("SELECT id, view, version, fold FROM view_versions WHERE is_dropped = 0");
  const drop = database.prepare("UPDATE view_versions SET is_dropped = 1 WHERE id = ?");
  const selectDropped = database.prepare("SELECT id FROM view_versions WHERE is_dropped = 1 LIMIT 1");
  const deleteVersion = database.prepare("DELETE FROM view_versions WHERE id = ?");
  const deleteRows = database.prepare(
    "DELETE FROM view_rows WHERE id = ?1 AND key IN (SELECT key FROM view_rows WHERE id = ?1 ORDER BY key LIMIT ?2)",
  );
  const selectVersion = database.prepare("SELECT next, caught_up_at AS caughtUpAt, generation FROM view_versions WHERE id = ?");
  const updateNext = database.prepare("UPDATE view_versions SET next = ? WHERE id = ?");
  const updateCaughtUp = database.prepare("UPDATE view_versions SET caught_up_at = ? WHERE id = ?");
  const updateGeneration = database.prepare("UPDATE view_versions SET generation = ? WHERE id = ?");
  const selectRow = database.prepare("SELECT row FROM view_rows WHERE id = ? AND key = ?");
  const selectChanged = database.prepare(
    'SELECT key, changed AS "offset", row AS text FROM view_rows WHERE id = ? AND (changed, key) > (?, ?) ORDER BY changed, key',
  );
  const upsertRow = database.prepare(
    "INSERT INTO view_rows (id, key, changed, row) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET changed = excluded.changed, row = excluded.row",
  );

  type Kept = { readonly id: number; readonly view: string; readonly version: number; readonly fold: string };
  type Version = { readonly next: number; readonly caughtUpAt: number | null; readonly generation: string };
  const kept = (): Kept[] => selectKept.all() as Kept[];
  const ids = new WeakMap<RowTable, number>();

  const create = (view: string, version: number, fold: string): number =>
    (insertVersion.get(view, version, fold) as { readonly id: number }).id;

  const tableOf = (id: number, view: string, version: number, fold: string): RowTable => {
    const read = (): Version => selectVersion.get(id) as Version;
    const table: RowTable = {
      view,
      version,
      fold,
      next: () => read().next,
      caughtUpAt: () => read().caughtUpAt ?? undefined,
      generation: () => read().generation,
      read: (key) => (selectRow.get(id, key)?.["row"] ?? undefined) as string | undefined,
      // No key is empty, so an empty one is before all.
      changedAfter: ({ offset, key = "" }) => selectChanged.iterate(id, offset, key) as Iterable<unknown> as Iterable<StoredRow>,
      write: ({ key, offset, text }) => void upsertRow.run(id, key, offset, text),
      setNext: (next) => void updateNext.run(next, id),
      setCaughtUp: (at) => void updateCaughtUp.run(at, id),
      setGeneration: (generation) => void updateGeneration.run(generation, id),
    };
    ids.set(table, id);
    return table;
  };

  return {
    open(view, version, fold) {
      const id = kept().find((one) => one.view === view && one.version === version && one.fold === fold)?.id;
      return tableOf(id ?? create(view, version, fold), view, version, fold);
    },
    reset(table) {
      drop.run(ids.get(table) as number);
      return tableOf(create(table.view, table.version, table.fold), table.view, table.version, table.fold);
    },
    others(than) {
      const own = new Set(than.map((table) => ids.get(table)));
      return kept().filter(({ id }) => !own.has(id));
    },
    drop(rows) {
      for (const { id } of rows) drop.run(id);
    },
    hasDropped: () => selectDropped.get() !== undefined,
    sweep(limit) {
      let deleted = 0;
      for (let id = idOf(selectDropped.get()); id !== undefined && deleted < limit; id = idOf(selectDropped.get())) {
        const { changes } = deleteRows.run(id, limit - deleted);
        if (changes === 0) deleteVersion.run(id);
        deleted += Number(changes);
      }
      return deleted;
    },
  };
};

const idOf = (row: Readonly<Record<string, unknown>> | undefined): number | undefined => row?.["id"] as number | undefined;
