import { isTerminal } from "../../protocol/states.ts";
import type { StatusKey } from "../status-store.ts";
import type { Sql } from "./expiring-table.ts";
import { GRACE_AFTER_DEADLINE_MS, type KeptStatus } from "./rules.ts";

/** The name of the table, which is made when it is first needed. */
export const CANCELLATIONS = "cancellations";

const TABLE = `CREATE TABLE IF NOT EXISTS ${CANCELLATIONS} (correlation_id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID`;

/**
 * Which requests somebody wants to cancel, in a table of their own and in memory: consumers that come later ask for all of them. It is read
 * once. A request that ends takes a look into memory, and costs nothing if nobody had wanted to cancel it.
 */
export const createCancellations = (sql: Sql, exists: boolean) => {
  const rows = exists ? sql.exec(`SELECT correlation_id, until FROM ${CANCELLATIONS}`).toArray() : [];
  /** By correlation ID, until when it matters, in milliseconds since 1970: from then on no handler is at work. */
  const open = new Map(rows.map((row) => [row["correlation_id"] as string, row["until"] as number]));

  return {
    /** Must be told of each change of a status. */
    note({ text, deadline }: StatusKey, { state }: KeptStatus): void {
      if (state === "cancelling" && !open.has(text)) {
        const until = deadline + GRACE_AFTER_DEADLINE_MS;
        sql.exec(TABLE);
        sql.exec(`INSERT INTO ${CANCELLATIONS} (correlation_id, until) VALUES (?, ?)`, text, until);
        open.set(text, until);
      } else if (open.size > 0 && isTerminal(state) && open.delete(text))
        sql.exec(`DELETE FROM ${CANCELLATIONS} WHERE correlation_id = ?`, text);
    },

    open: (now: number): string[] => [...open].filter(([, until]) => until >= now).map(([text]) => text),

    deleteBefore(now: number): void {
      if (![...open.values()].some((until) => until < now)) return;
      sql.exec(`DELETE FROM ${CANCELLATIONS} WHERE until < ?`, now);
      for (const [text, until] of open) if (until < now) open.delete(text);
    },
  };
};

export type Cancellations = ReturnType<typeof createCancellations>;
