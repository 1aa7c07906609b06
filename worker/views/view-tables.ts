import type { Sql } from "../mailbox/expiring-table.ts";
import type { Progress, Version } from "./rules.ts";
import type { TextBatch } from "./view-store.ts";

// A row of a view is one row written: its key is what lists ask for, in their order.
const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS view_versions (id INTEGER PRIMARY KEY, view TEXT NOT NULL, version INTEGER NOT NULL, partitions INTEGER NOT NULL,
    served_since INTEGER, was_served INTEGER NOT NULL, UNIQUE (view, version))`,
  `CREATE TABLE IF NOT EXISTS view_progress (id INTEGER NOT NULL, partition INTEGER NOT NULL, generation TEXT NOT NULL, former TEXT,
    fold TEXT NOT NULL, next INTEGER NOT NULL, reached INTEGER, PRIMARY KEY (id, partition)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS view_rows (id INTEGER NOT NULL, key TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
    removed_at INTEGER, row TEXT, PRIMARY KEY (id, key, partition)) WITHOUT ROWID`,
  "CREATE INDEX IF NOT EXISTS view_tombstones ON view_rows (removed_at) WHERE removed_at IS NOT NULL",
];

/** A row as it is kept; `row` is JSON text, null if it was removed. */
export type KeptRow = { readonly partition: number; readonly offset: number; readonly row: string | null };

type ListedRow = KeptRow & { readonly key: string; readonly row: string };

/** What a page has, in characters: a Durable Object has 128 MB, and answers with 32 at most. Rows of 1 MiB each are read so many at a time. */
const MAX_PAGE_LENGTH = 4 * 1024 * 1024;
const ROWS_AT_ONCE = 16;
/** Rows in memory, and what each has at most, in characters: a lookup takes longer than all else that a read does here. */
const MAX_RECENT = 1_000;
const MAX_RECENT_LENGTH = 4_096;

// Two partitions that make rows of one key are a fault of the projection. The same one of them is shown by all: the first, by the order of the index.
const FIND = "SELECT partition, offset, row FROM view_rows WHERE id = ? AND key = ?";
const LIST = `SELECT key, min(partition) AS partition, offset, row FROM view_rows
  WHERE id = ? AND key > ? AND key >= ? AND removed_at IS NULL GROUP BY key ORDER BY key LIMIT ?`;
const KEEP = `INSERT INTO view_rows (id, key, partition, offset, removed_at, row) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET offset = excluded.offset, removed_at = excluded.removed_at, row = excluded.row
  WHERE excluded.offset > offset`;

/** The tables of a shard. The versions are in memory, too, as reads need them. */
export const createViewTables = (sql: Sql) => {
  let known: Map<string, Version[]> | undefined;
  /** Rows that were read lately, as they are in the table. */
  const recent = new Map<string, KeptRow>();

  const load = (): Map<string, Version[]> => {
    for (const statement of SCHEMA) sql.exec(statement);
    const rows = sql
      .exec("SELECT id, view, version, partitions, served_since, was_served FROM view_versions ORDER BY version DESC")
      .toArray();
    const versions = rows.map((row): Version => ({
      id: row["id"] as number,
      view: row["view"] as string,
      version: row["version"] as number,
      partitions: row["partitions"] as number,
      servedSince: row["served_since"] as number | null,
      wasServed: row["was_served"] === 1,
      progress: new Map(
        sql
          .exec("SELECT partition, generation, former, fold, next, reached FROM view_progress WHERE id = ?", row["id"] as number)
          .toArray()
          .map((one): [number, Progress] => [one["partition"] as number, readProgress(one)]),
      ),
    }));
    return Map.groupBy(versions, ({ view }) => view);
  };
  const all = (): Map<string, Version[]> => (known ??= load());

  const replace = (next: Version): void => {
    const others = (all().get(next.view) ?? []).filter(({ version }) => version !== next.version);
    all().set(
      next.view,
      [...others, next].toSorted((one, other) => other.version - one.version),
    );
  };

  const nextId = (): number => {
    const query = "SELECT max(id) AS id FROM (SELECT max(id) AS id FROM view_versions UNION ALL SELECT max(id) AS id FROM view_rows)";
    return Number(sql.exec(query).toArray()[0]?.["id"] ?? 0) + 1;
  };

  const deleteVersion = ({ id, view }: Version): void => {
    recent.clear();
    sql.exec("DELETE FROM view_versions WHERE id = ?", id);
    sql.exec("DELETE FROM view_progress WHERE id = ?", id);
    all().set(
      view,
      versionsOf(view).filter((one) => one.id !== id),
    );
  };
  const versionsOf = (view: string): readonly Version[] => all().get(view) ?? [];
  const addVersion = (view: string, version: number, servedSince: number | null): Version => {
    const wasServed = servedSince !== null;
    const added: Version = { id: nextId(), view, version, partitions: 0, servedSince, wasServed, progress: new Map() };
    sql.exec("INSERT INTO view_versions VALUES (?, ?, ?, 0, ?, ?)", added.id, view, version, servedSince, wasServed ? 1 : 0);
    replace(added);
    return added;
  };

  return {
    /** Must be called when a transaction has failed: what it had made is gone. */
    forget(): void {
      known = undefined;
      recent.clear();
    },

    /** All that there are. */
    versions: (): readonly Version[] => [...all().values()].flat(),
    /** The newest first. */
    versionsOf,
    /** The one that callers read. */
    servedOf: (view: string): Version | undefined => versionsOf(view).find(({ servedSince }) => servedSince !== null),

    addVersion,
    /** Without its rows: {@link deleteSome} does that. */
    deleteVersion,
    /** Begins a version anew, with nothing in it. */
    renew(version: Version): void {
      deleteVersion(version);
      addVersion(version.view, version.version, version.servedSince);
    },

    /** Serves that version, and no other of its view. */
    serve({ id, view, version }: Version, now: number): void {
      sql.exec("UPDATE view_versions SET served_since = NULL WHERE view = ?", view);
      sql.exec("UPDATE view_versions SET served_since = ?, was_served = 1 WHERE id = ?", now, id);
      for (const one of versionsOf(view))
        replace(one.version === version ? { ...one, servedSince: now, wasServed: true } : { ...one, servedSince: null });
    },

    setProgress(version: Version, partition: number, partitions: number, next: Progress): Version {
      const { id } = version;
      if (version.partitions !== partitions) sql.exec("UPDATE view_versions SET partitions = ? WHERE id = ?", partitions, id);
      const { generation, former, fold, next: offset, reached } = next;
      const values = [id, partition, generation, former, fold, offset, reached];
      sql.exec("INSERT OR REPLACE INTO view_progress VALUES (?, ?, ?, ?, ?, ?, ?)", ...values);
      const changed = { ...version, partitions, progress: new Map(version.progress).set(partition, next) };
      replace(changed);
      return changed;
    },

    /** Removes the rows of a partition, and of those that the new log does not have. */
    deletePartition({ id }: Version, partition: number, partitions: number): void {
      recent.clear();
      sql.exec("DELETE FROM view_rows WHERE id = ? AND (partition = ? OR partition >= ?)", id, partition, partitions);
    },

    find({ id }: Version, key: string): KeptRow | undefined {
      const name = rowName(id, key);
      const known = recent.get(name);
      if (known !== undefined) return known;
      // SQLite would sort even one row.
      const rows = sql.exec(FIND, id, key).toArray() as KeptRow[];
      const found = rows.find(({ row }) => row !== null) ?? rows[0];
      if (found === undefined || (found.row?.length ?? 0) > MAX_RECENT_LENGTH) return found;
      if (recent.size >= MAX_RECENT) recent.clear();
      recent.set(name, found);
      return found;
    },

    /** So many rows at most, and fewer where they are large. */
    list(
      { id }: Version,
      prefix: string,
      behind: string,
      limit: number,
    ): { readonly rows: readonly ListedRow[]; readonly hasMore: boolean } {
      const rows: ListedRow[] = [];
      let length = 0;
      while (rows.length <= limit && length < MAX_PAGE_LENGTH) {
        const some = sql.exec(LIST, id, rows.at(-1)?.key ?? behind, prefix, ROWS_AT_ONCE).toArray() as ListedRow[];
        // Keys that begin alike are together, so those that do not are at the end.
        const end = some.findIndex(({ key }) => !key.startsWith(prefix));
        for (const row of end < 0 ? some : some.slice(0, end)) length += (rows[rows.push(row) - 1] as ListedRow).row.length;
        if (end >= 0 || some.length < ROWS_AT_ONCE) return { rows: rows.slice(0, limit), hasMore: rows.length > limit };
      }
      return { rows: rows.slice(0, limit), hasMore: true };
    },

    /** Keeps a change unless it is old, and says whether it was news. */
    keep({ id }: Version, partition: number, { key, offset, text }: TextBatch["rows"][number], now: number): boolean {
      recent.delete(rowName(id, key));
      const values = [id, key, partition, offset, text === null ? now : null, text];
      return sql.exec(KEEP, ...values).rowsWritten > 0;
    },

    hasTombstones: (): boolean => sql.exec("SELECT 1 FROM view_rows WHERE removed_at IS NOT NULL LIMIT 1").toArray().length > 0,

    /** Deletes about `limit` rows that were removed before that time, and says whether there may be more. */
    deleteTombstones(before: number, limit: number): boolean {
      recent.clear();
      const some = "SELECT id, key, partition FROM view_rows WHERE removed_at < ? LIMIT ?";
      return sql.exec(`DELETE FROM view_rows WHERE (id, key, partition) IN (${some})`, before, limit).rowsWritten >= limit;
    },

    /** Deletes at most `limit` rows of versions that are gone, and says whether there may be more. */
    deleteSome(limit: number): boolean {
      const ids = new Set([...all().values()].flat().map(({ id }) => id));
      for (let id = 0; ;) {
        const found = sql.exec("SELECT min(id) AS id FROM view_rows WHERE id > ?", id).toArray()[0]?.["id"] as number | null | undefined;
        if (found == null) return false;
        id = found;
        if (ids.has(id)) continue;
        const some = "SELECT key, partition FROM view_rows WHERE id = ? LIMIT ?";
        sql.exec(`DELETE FROM view_rows WHERE id = ? AND (key, partition) IN (${some})`, id, id, limit);
        return true;
      }
    },
  };
};

export type ViewTables = ReturnType<typeof createViewTables>;

const rowName = (id: number, key: string): string => `${id} ${key}`;

const readProgress = (row: Record<string, unknown>): Progress => ({
  generation: row["generation"] as string,
  former: row["former"] as string | null,
  fold: row["fold"] as string,
  next: row["next"] as number,
  reached: row["reached"] as number | null,
});
