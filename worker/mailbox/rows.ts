import type { StatusKey } from "../status-store.ts";
import { GRACE_AFTER_DEADLINE_MS, type KeptStatus } from "./rules.ts";
import { createStatusTable, type RowKey, type Sql, type StatusTable } from "./status-table.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A period is so long, by the time from acceptance to the deadline: never so long that tables grow large, nor so short that they are many. */
const widthOf = (spanMs: number): number => (spanMs <= HOUR_MS ? 5 * MINUTE_MS : spanMs <= DAY_MS ? HOUR_MS : DAY_MS);

/** The end of the period in which the deadline is, in milliseconds since 1970. It names a table, so it never changes for a key. */
export const endOfPeriod = ({ createdAt, deadline }: Pick<StatusKey, "createdAt" | "deadline">): number => {
  const width = widthOf(deadline - createdAt);
  return (Math.floor(deadline / width) + 1) * width;
};

const PREFIX = "status_";
const tableName = (end: number): string => `${PREFIX}${end / MINUTE_MS}`;

/** How far the rows of a period have gone to KV: all up to this key, and when the last of them had. */
export type Closing = RowKey & { readonly archivedAt: number | null };

const CLOSING_TABLE = `CREATE TABLE IF NOT EXISTS closing (
  period_end INTEGER PRIMARY KEY,
  expires_at INTEGER NOT NULL,
  correlation_id TEXT NOT NULL,
  archived_at INTEGER
)`;

/** What is in the database, so that nobody needs to ask for it. */
type Known = { readonly tables: Map<number, StatusTable>; readonly closing: Map<number, Closing>; restIsEmpty: boolean };

/**
 * The statuses of one mailbox, a row each. Requests whose deadlines are in one period share a table. It is dropped when its last row has expired or
 * gone to KV: Cloudflare bills each row that is deleted, and none that is dropped. The table `status` holds the rest, whose rows are deleted
 * one by one: what an earlier version wrote, and what outlives the table of its period.
 *
 * Every call is synchronous; the caller makes the transaction, and calls `forget` if it fails.
 */
export const createRows = (sql: Sql) => {
  const rest = createStatusTable(sql, "status");
  let known: Known | undefined;

  const open = (): Known => {
    rest.create();
    rest.addMissingColumns();
    sql.exec(CLOSING_TABLE);
    const names = sql.exec(`SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB '${PREFIX}[0-9]*'`).toArray();
    const ends = names.map(({ name }) => Number(String(name).slice(PREFIX.length)) * MINUTE_MS);
    const closing = sql.exec("SELECT period_end, expires_at, correlation_id, archived_at FROM closing").toArray();
    return {
      tables: new Map(ends.map((end) => [end, createStatusTable(sql, tableName(end))])),
      closing: new Map(closing.map((row) => [row["period_end"] as number, readClosing(row)])),
      restIsEmpty: rest.isEmpty(),
    };
  };
  const database = (): Known => (known ??= open());
  const tableOf = (end: number): StatusTable | undefined => database().tables.get(end);

  const insertIntoRest = (key: RowKey, status: KeptStatus): boolean => {
    database().restIsEmpty = false;
    return rest.insert(key, status);
  };
  const findInRest = (key: RowKey): KeptStatus | undefined => (database().restIsEmpty ? undefined : rest.find(key));
  const findIn = (end: number, key: RowKey): KeptStatus | undefined => findInRest(key) ?? tableOf(end)?.find(key);
  const isClosing = (end: number): boolean => database().closing.has(end);

  const makeTable = (end: number): StatusTable => {
    const table = createStatusTable(sql, tableName(end));
    table.create();
    database().tables.set(end, table);
    return table;
  };

  return {
    find: (key: StatusKey): KeptStatus | undefined => findIn(endOfPeriod(key), key),

    /** The same, for who knows the end of the period. */
    findIn,

    /** Adds a status, unless there is one for that key: then it returns false. */
    insert(key: StatusKey, status: KeptStatus, now: number): boolean {
      const end = endOfPeriod(key);
      const table = tableOf(end);
      if (findInRest(key) !== undefined) return false;
      if (table !== undefined && !isClosing(end)) return table.insert(key, status);
      if (table !== undefined) return table.find(key) === undefined && insertIntoRest(key, status);
      // Those who ask for old requests, one by one, make no table for each.
      return now > end + GRACE_AFTER_DEADLINE_MS ? insertIntoRest(key, status) : makeTable(end).insert(key, status);
    },

    /** Replaces the status that there is for that key. It has to go to KV again if it went there before. */
    update(key: StatusKey, status: KeptStatus): void {
      const end = endOfPeriod(key);
      if (findInRest(key) !== undefined) rest.update(key, status);
      else if (isClosing(end)) insertIntoRest(key, status);
      else tableOf(end)?.update(key, status);
    },

    /** Must be called when a transaction has failed: what it had made is gone. */
    forget(): void {
      known = undefined;
    },

    isEmpty(): boolean {
      const { tables } = database();
      database().restIsEmpty = rest.isEmpty();
      return tables.size === 0 && database().restIsEmpty;
    },

    /** The rows that no table of a period holds. */
    rest,

    /** The periods that ended before, the oldest first. */
    endsBefore: (time: number): number[] => [...database().tables.keys()].filter((end) => end <= time).toSorted((a, b) => a - b),

    table: tableOf,

    closing: (end: number): Closing | undefined => database().closing.get(end),

    /** From the first call on, what comes or changes of that period goes to the rest. */
    setClosing(end: number, closing: Closing): void {
      const { expiresAt, text, archivedAt } = closing;
      sql.exec(
        "INSERT OR REPLACE INTO closing (period_end, expires_at, correlation_id, archived_at) VALUES (?, ?, ?, ?)",
        end,
        expiresAt,
        text,
        archivedAt,
      );
      database().closing.set(end, closing);
    },

    /** Keeps a row of a period that is closing beyond it. */
    moveToRest(end: number, key: RowKey): void {
      const status = tableOf(end)?.find(key);
      // A newer one may be there already.
      if (status !== undefined) insertIntoRest(key, status);
    },

    drop(end: number): void {
      tableOf(end)?.drop();
      database().tables.delete(end);
      if (database().closing.delete(end)) sql.exec("DELETE FROM closing WHERE period_end = ?", end);
    },
  };
};

export type Rows = ReturnType<typeof createRows>;

const readClosing = (row: Record<string, unknown>): Closing => ({
  expiresAt: row["expires_at"] as number,
  text: row["correlation_id"] as string,
  archivedAt: row["archived_at"] as number | null,
});
