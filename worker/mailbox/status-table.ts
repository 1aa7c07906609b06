import { TERMINAL_STATES } from "../../protocol/states.ts";
import { createExpiringTable, type RowKey, type Sql } from "./expiring-table.ts";
import type { KeptDetails, KeptStatus } from "./rules.ts";

/** What tells whether a row must go to KV. */
export type RowHead = RowKey & Pick<KeptStatus, "version" | "state">;

// The key begins with the expiry, which is part of the ID, so one tree finds a row, and finds those of an age without reading others.
// A second index would cost a row written for each reply. What may be long is last: a scan does not read it.
const COLUMNS = `(
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
  late_reply TEXT,
  details TEXT,
  PRIMARY KEY (expires_at, correlation_id)
) WITHOUT ROWID`;

/** All hold text. */
const LATER_COLUMNS = ["late_reply", "details"];

const TERMINAL = TERMINAL_STATES.map((state) => `'${state}'`).join(", ");

/** One table of statuses. Nothing in `name` may come from outside. */
export const createStatusTable = (sql: Sql, name: string) => {
  const find = `SELECT version, state, updated_at, http_status, attempt, reply_id, operation, body, late_reply, details FROM ${name} WHERE expires_at = ? AND correlation_id = ?`;
  const insert = `INSERT INTO ${name} (expires_at, correlation_id, version, state, updated_at, http_status, attempt, reply_id, operation, body, late_reply, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
  const update = `UPDATE ${name} SET version = ?, state = ?, updated_at = ?, http_status = ?, attempt = ?, reply_id = ?, operation = ?, body = ?, late_reply = ?, details = ?, archived_at = NULL WHERE expires_at = ? AND correlation_id = ?`;
  const valuesOf = ({ version, state, updatedAt, httpStatus, attempt, replyId, operation, body, lateReply, details }: KeptStatus) =>
    [
      ...[version, state, updatedAt, httpStatus, attempt, replyId, operation, body, lateReply],
      details === undefined ? null : JSON.stringify(details),
    ] as const;

  return {
    ...createExpiringTable(sql, name, COLUMNS),

    /** A table that an earlier version made lacks the columns that came later. @param definition of the table that there is, as SQL */
    addMissingColumns(definition: string): void {
      for (const column of LATER_COLUMNS) {
        if (!new RegExp(`\\b${column}\\b`).test(definition)) sql.exec(`ALTER TABLE ${name} ADD COLUMN ${column} TEXT`);
      }
    },

    find({ expiresAt, text }: RowKey): KeptStatus | undefined {
      const [row] = sql.exec(find, expiresAt, text).toArray();
      return row === undefined ? undefined : readStatus(row);
    },

    /** @returns whether there was no such row. RETURNING would cost as much as to look for the row first. */
    insert: ({ expiresAt, text }: RowKey, status: KeptStatus): boolean =>
      sql.exec(insert, expiresAt, text, ...valuesOf(status)).rowsWritten > 0,

    /** What has changed is not in KV yet. */
    update: ({ expiresAt, text }: RowKey, status: KeptStatus): void => void sql.exec(update, ...valuesOf(status), expiresAt, text),

    /** Whether a row expires after that time. */
    outlasts: (time: number): boolean => sql.exec(`SELECT 1 FROM ${name} WHERE expires_at > ? LIMIT 1`, time).toArray().length > 0,

    /** The rows that follow a key, in the order of keys. */
    findAfter: ({ expiresAt, text }: RowKey, limit: number): RowHead[] =>
      sql
        .exec(
          `SELECT expires_at, correlation_id, version, state FROM ${name} WHERE (expires_at, correlation_id) > (?, ?) ORDER BY expires_at, correlation_id LIMIT ?`,
          ...[expiresAt, text, limit],
        )
        .toArray()
        .map(readHead),

    /** The finished rows that have not changed since `before`, outlive `after`, and are not in KV yet. */
    findToArchive: (before: number, after: number, limit: number): RowHead[] =>
      sql
        .exec(
          `SELECT expires_at, correlation_id, version, state FROM ${name} WHERE expires_at > ? AND updated_at <= ? AND archived_at IS NULL AND state IN (${TERMINAL}) LIMIT ?`,
          ...[after, before, limit],
        )
        .toArray()
        .map(readHead),

    markArchived: ({ expiresAt, text, version }: RowHead, now: number): void =>
      void sql.exec(
        `UPDATE ${name} SET archived_at = ? WHERE expires_at = ? AND correlation_id = ? AND version = ?`,
        ...[now, expiresAt, text, version],
      ),

    /** Deletes the rows that KV has had since before that time. */
    deleteArchived: (before: number): void => void sql.exec(`DELETE FROM ${name} WHERE archived_at <= ?`, before),
  };
};

export type StatusTable = ReturnType<typeof createStatusTable>;

const readHead = (row: Record<string, unknown>): RowHead => ({
  text: row["correlation_id"] as string,
  expiresAt: row["expires_at"] as number,
  version: row["version"] as number,
  state: row["state"] as KeptStatus["state"],
});

const readStatus = (row: Record<string, unknown>): KeptStatus => ({
  version: row["version"] as number,
  state: row["state"] as KeptStatus["state"],
  updatedAt: row["updated_at"] as number,
  httpStatus: row["http_status"] as number,
  attempt: row["attempt"] as number | null,
  replyId: row["reply_id"] as string | null,
  operation: row["operation"] as string | null,
  body: row["body"] as string | null,
  lateReply: row["late_reply"] as string | null,
  ...(row["details"] === null ? {} : { details: JSON.parse(row["details"] as string) as KeptDetails }),
});
