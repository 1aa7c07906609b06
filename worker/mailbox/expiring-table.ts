import type { StatusKey } from "../status-store.ts";

/** The SQLite that rows need: a Durable Object's `ctx.storage.sql`, or another database behind the same call. */
export type Sql = {
  exec(
    query: string,
    ...values: (string | number | null)[]
  ): {
    /** 0 if the statement has written none. */
    readonly rowsWritten: number;
    toArray(): Record<string, unknown>[];
  };
};

/** The key of a request's rows. */
export type RowKey = Pick<StatusKey, "expiresAt" | "text">;

/** A table whose key begins with when a row expires and with the correlation ID. Nothing in its definition may come from outside. */
export const createExpiringTable = (sql: Sql, name: string, definition: string, key = "expires_at, correlation_id") => ({
  create: (): void => void sql.exec(`CREATE TABLE IF NOT EXISTS ${name} ${definition}`),
  drop: (): void => void sql.exec(`DROP TABLE ${name}`),

  isEmpty: (): boolean => sql.exec(`SELECT 1 FROM ${name} LIMIT 1`).toArray().length === 0,

  /** Deletes the first rows, `limit` at most, and says whether there were any. */
  deleteFirst(limit: number): boolean {
    const first = `SELECT ${key} FROM ${name} ORDER BY ${key} LIMIT ?`;
    return sql.exec(`DELETE FROM ${name} WHERE (${key}) IN (${first})`, limit).rowsWritten > 0;
  },

  /** Deletes about `limit` rows that are past their retention, and says whether there may be more. */
  deleteExpired(now: number, limit: number): boolean {
    const [last] = sql.exec(`SELECT expires_at FROM ${name} WHERE expires_at <= ? LIMIT 1 OFFSET ?`, now, limit).toArray();
    sql.exec(`DELETE FROM ${name} WHERE expires_at <= ?`, last === undefined ? now : (last["expires_at"] as number));
    return last !== undefined;
  },
});
