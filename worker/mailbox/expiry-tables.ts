import type { StatusKey } from "../status-store.ts";
import { createExpiringTable, type Sql } from "./expiring-table.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** By the time from acceptance to expiry. Rows are looked for in all tables, so there are few of them: about six for each width. */
const WIDTHS = [20 * MINUTE_MS, 4 * 60 * MINUTE_MS, 2 * DAY_MS, 32 * DAY_MS];
const TABLES_OF_A_WIDTH = 6;

/** The end of the period in which a request expires, in milliseconds since 1970. It names a table, so it never changes for a key. */
const endOfPeriod = ({ createdAt, expiresAt }: StatusKey): number => {
  const width = WIDTHS.find((candidate) => expiresAt - createdAt <= candidate * TABLES_OF_A_WIDTH) ?? (WIDTHS.at(-1) as number);
  return (Math.floor(expiresAt / width) + 1) * width;
};

type ExpiryTablesOptions = {
  /** What the names of the tables begin with. */
  readonly prefix: string;
  readonly columns: string;
  /** The columns of the primary key. */
  readonly key: string;
  /** Names of the tables that there are; others are left alone. */
  readonly names: Iterable<string>;
};

/**
 * Tables of one kind. Rows of requests that expire in one period share one, which is dropped when all of them have: Cloudflare bills each row
 * that is deleted, and none that is dropped.
 */
export const createExpiryTables = (sql: Sql, { prefix, columns, key, names }: ExpiryTablesOptions) => {
  const nameOf = (end: number): string => `${prefix}${end / MINUTE_MS}`;
  const open = (end: number) => createExpiringTable(sql, nameOf(end), columns, key);
  const tables = new Map<number, ReturnType<typeof open>>();
  for (const name of names) {
    const end = Number(name.slice(prefix.length)) * MINUTE_MS;
    if (name.startsWith(prefix)) tables.set(end, open(end));
  }

  return {
    /** The names of all tables. */
    names: (): string[] => [...tables.keys()].map(nameOf),

    /** The name of the table for a request, whether there is such a table or not. */
    nameFor: (request: StatusKey): string => nameOf(endOfPeriod(request)),

    /** The same, and there is one then. */
    make(request: StatusKey): string {
      const end = endOfPeriod(request);
      if (!tables.has(end)) {
        const table = open(end);
        table.create();
        tables.set(end, table);
      }
      return nameOf(end);
    },

    isEmpty: (): boolean => tables.size === 0,

    /** The periods whose rows have all expired. */
    endsBefore: (time: number): number[] => [...tables.keys()].filter((end) => end <= time),

    table: (end: number) => tables.get(end),

    drop(end: number): void {
      tables.get(end)?.drop();
      tables.delete(end);
    },
  };
};

export type ExpiryTables = ReturnType<typeof createExpiryTables>;

/** The key of a request whose columns are named as those of all tables of this kind. */
export const readKey = (row: Record<string, unknown>): StatusKey => ({
  text: row["correlation_id"] as string,
  shard: row["shard"] as number,
  createdAt: row["created_at"] as number,
  deadline: row["deadline"] as number,
  expiresAt: row["expires_at"] as number,
});
