import type { StoredChunks } from "../status-store.ts";
import { createExpiringTable, type RowKey, type Sql } from "./expiring-table.ts";

// A row for each change, in the order of versions: whoever follows a request reads only what is new.
const COLUMNS = `(
  expires_at INTEGER NOT NULL,
  correlation_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  execution TEXT NOT NULL,
  first INTEGER NOT NULL,
  texts TEXT NOT NULL,
  PRIMARY KEY (expires_at, correlation_id, version)
) WITHOUT ROWID`;

/** What separates chunks in a row: JSON text as JSON.stringify makes it has none. */
const SEPARATOR = "\n";

/** A table of what handlers have emitted. Nothing in `name` may come from outside. */
export const createChunkTable = (sql: Sql, name: string) => ({
  ...createExpiringTable(sql, name, COLUMNS, "expires_at, correlation_id, version"),

  /** What came of a run of the handler after a version, in its order. */
  find: ({ expiresAt, text }: RowKey, execution: string, afterVersion: number): StoredChunks[] =>
    sql
      .exec(
        `SELECT version, execution, first, texts FROM ${name} WHERE expires_at = ? AND correlation_id = ? AND version > ? AND execution = ? ORDER BY version`,
        ...[expiresAt, text, afterVersion, execution],
      )
      .toArray()
      .map(readChunks),

  has: ({ expiresAt, text }: RowKey): boolean =>
    sql.exec(`SELECT 1 FROM ${name} WHERE expires_at = ? AND correlation_id = ? LIMIT 1`, expiresAt, text).toArray().length > 0,

  insert: ({ expiresAt, text }: RowKey, { version, execution, first, texts }: StoredChunks): void =>
    void sql.exec(
      `INSERT INTO ${name} (expires_at, correlation_id, version, execution, first, texts) VALUES (?, ?, ?, ?, ?, ?)`,
      ...[expiresAt, text, version, execution, first, texts.join(SEPARATOR)],
    ),

  /** Deletes those of a request. */
  delete: ({ expiresAt, text }: RowKey): void =>
    void sql.exec(`DELETE FROM ${name} WHERE expires_at = ? AND correlation_id = ?`, expiresAt, text),

  /** Copies those of a request to another table, if they are not there. */
  copyTo: (other: string, { expiresAt, text }: RowKey): void =>
    void sql.exec(
      `INSERT INTO ${other} SELECT expires_at, correlation_id, version, execution, first, texts FROM ${name} WHERE expires_at = ? AND correlation_id = ? ON CONFLICT DO NOTHING`,
      ...[expiresAt, text],
    ),

  /** Deletes those whose status has been in KV since before that time. */
  deleteArchived: (statuses: string, before: number): void =>
    void sql.exec(
      `DELETE FROM ${name} WHERE (expires_at, correlation_id) IN (SELECT expires_at, correlation_id FROM ${statuses} WHERE archived_at <= ?)`,
      before,
    ),
});

export type ChunkTable = ReturnType<typeof createChunkTable>;

const readChunks = (row: Record<string, unknown>): StoredChunks => ({
  version: row["version"] as number,
  execution: row["execution"] as string,
  first: row["first"] as number,
  texts: (row["texts"] as string).split(SEPARATOR),
});
