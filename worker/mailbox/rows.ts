import { TERMINAL_STATES } from "../../protocol/states.ts";
import type { StatusKey } from "../status-store.ts";
import type { KeptStatus } from "./rules.ts";

/** The SQLite that rows need: a Durable Object's `ctx.storage.sql`, or another database behind the same call. */
type Sql = { exec(query: string, ...values: (string | number | null)[]): { toArray(): Record<string, unknown>[] } };

/** The key of a row, and its version when it was read. */
export type RowKey = { readonly text: string; readonly expiresAt: number; readonly version: number };

// The key begins with the expiry, which is part of the ID, so one tree finds a row, and finds the expired ones first.
// A second index would cost a row written for each reply. What may be long is last: a scan does not read it.
const SCHEMA = `CREATE TABLE IF NOT EXISTS status (
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
  PRIMARY KEY (expires_at, correlation_id)
) WITHOUT ROWID`;

/** Tables that an earlier version made lack the columns that came later. */
const addMissingColumns = (sql: Sql): void => {
  const columns = sql.exec("PRAGMA table_info(status)").toArray();
  if (!columns.some(({ name }) => name === "late_reply")) sql.exec("ALTER TABLE status ADD COLUMN late_reply TEXT");
};

const TERMINAL = TERMINAL_STATES.map((state) => `'${state}'`).join(", ");

/** The statuses of one mailbox, a row each. Every call is synchronous; the caller makes the transaction. */
export const createRows = (sql: Sql) => {
  sql.exec(SCHEMA);
  addMissingColumns(sql);
  return {
    find({ expiresAt, text }: Pick<StatusKey, "expiresAt" | "text">): KeptStatus | undefined {
      const [row] = sql
        .exec(
          "SELECT version, state, updated_at, http_status, attempt, reply_id, operation, body, late_reply FROM status WHERE expires_at = ? AND correlation_id = ?",
          expiresAt,
          text,
        )
        .toArray();
      return row === undefined ? undefined : readRow(row);
    },

    insert({ expiresAt, text }: StatusKey, status: KeptStatus): void {
      const { version, state, updatedAt, httpStatus, attempt, replyId, operation, body, lateReply } = status;
      sql.exec(
        "INSERT INTO status (expires_at, correlation_id, version, state, updated_at, http_status, attempt, reply_id, operation, body, late_reply) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ...[expiresAt, text, version, state, updatedAt, httpStatus, attempt, replyId, operation, body, lateReply],
      );
    },

    /** What has changed is not in KV yet. */
    update({ expiresAt, text }: StatusKey, status: KeptStatus): void {
      const { version, state, updatedAt, httpStatus, attempt, replyId, operation, body, lateReply } = status;
      sql.exec(
        "UPDATE status SET version = ?, state = ?, updated_at = ?, http_status = ?, attempt = ?, reply_id = ?, operation = ?, body = ?, late_reply = ?, archived_at = NULL WHERE expires_at = ? AND correlation_id = ?",
        ...[version, state, updatedAt, httpStatus, attempt, replyId, operation, body, lateReply, expiresAt, text],
      );
    },

    isEmpty: (): boolean => sql.exec("SELECT 1 FROM status LIMIT 1").toArray().length === 0,

    /** Deletes about `limit` rows that are past their retention, and says whether there may be more. */
    deleteExpired(now: number, limit: number): boolean {
      const [last] = sql.exec("SELECT expires_at AS expiry FROM status WHERE expires_at <= ? LIMIT 1 OFFSET ?", now, limit).toArray();
      sql.exec("DELETE FROM status WHERE expires_at <= ?", last === undefined ? now : Number(last["expiry"]));
      return last !== undefined;
    },

    /** Deletes the rows that KV has had since before that time. */
    deleteArchived(before: number): void {
      sql.exec("DELETE FROM status WHERE archived_at <= ?", before);
    },

    /** The finished rows that have not changed since `before`, outlive `after`, and are not in KV yet. */
    findToArchive(before: number, after: number, limit: number): RowKey[] {
      return sql
        .exec(
          `SELECT expires_at, correlation_id, version FROM status WHERE expires_at > ? AND updated_at <= ? AND archived_at IS NULL AND state IN (${TERMINAL}) LIMIT ?`,
          ...[after, before, limit],
        )
        .toArray()
        .map((row) => ({ text: String(row["correlation_id"]), expiresAt: Number(row["expires_at"]), version: Number(row["version"]) }));
    },

    markArchived({ expiresAt, text, version }: RowKey, now: number): void {
      sql.exec(
        "UPDATE status SET archived_at = ? WHERE expires_at = ? AND correlation_id = ? AND version = ?",
        now,
        expiresAt,
        text,
        version,
      );
    },
  };
};

export type Rows = ReturnType<typeof createRows>;

const readRow = (row: Record<string, unknown>): KeptStatus => ({
  version: row["version"] as number,
  state: row["state"] as KeptStatus["state"],
  updatedAt: row["updated_at"] as number,
  httpStatus: row["http_status"] as number,
  attempt: row["attempt"] as number | null,
  replyId: row["reply_id"] as string | null,
  operation: row["operation"] as string | null,
  body: row["body"] as string | null,
  lateReply: row["late_reply"] as string | null,
});
