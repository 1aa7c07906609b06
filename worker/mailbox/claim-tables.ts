import type { Claim } from "../request-publisher.ts";
import type { StatusKey } from "../status-store.ts";
import { createExpiringTable, type Sql } from "./expiring-table.ts";

/** A claim as a mailbox keeps it. */
export type KeptClaim = Claim & {
  /** Of the request that has it. */
  readonly key: StatusKey;
  /** Whether Kafka has confirmed the request's record. */
  readonly isSent: boolean;
};

const COLUMNS = `(
  name TEXT PRIMARY KEY,
  request TEXT NOT NULL,
  correlation_id TEXT NOT NULL,
  shard INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  deadline INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  is_sent INTEGER NOT NULL
) WITHOUT ROWID`;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** By the time from acceptance to expiry. A claim is looked for in all tables, so there are few of them: about six for each width. */
const WIDTHS = [20 * MINUTE_MS, 4 * 60 * MINUTE_MS, 2 * DAY_MS, 32 * DAY_MS];
const TABLES_OF_A_WIDTH = 6;

const PREFIX = "claims_";

/** The end of the period in which a claim expires, in milliseconds since 1970. It names a table, so it never changes for a key. */
const endOfPeriod = ({ createdAt, expiresAt }: StatusKey): number => {
  const width = WIDTHS.find((candidate) => expiresAt - createdAt <= candidate * TABLES_OF_A_WIDTH) ?? (WIDTHS.at(-1) as number);
  return (Math.floor(expiresAt / width) + 1) * width;
};

/**
 * The claims of one mailbox. Those that expire in one period share a table, which is dropped when all of them have: Cloudflare bills each row
 * that is deleted, and none that is dropped.
 * @param names of the tables that there are; others are left alone
 */
export const createClaimTables = (sql: Sql, names: Iterable<string>) => {
  const open = (end: number) => createExpiringTable(sql, nameOf(end), COLUMNS, "name");
  const tables = new Map<number, ReturnType<typeof open>>();
  for (const name of names) {
    const end = Number(name.slice(PREFIX.length)) * MINUTE_MS;
    if (name.startsWith(PREFIX)) tables.set(end, open(end));
  }
  const findIn = (end: number, name: string): KeptClaim | undefined => {
    const [row] = sql.exec(`SELECT * FROM ${nameOf(end)} WHERE name = ?`, name).toArray();
    return row === undefined ? undefined : readClaim(row);
  };
  /** Only where the request that is known to have it still does. */
  const remove = ({ name, key }: KeptClaim): void =>
    void sql.exec(`DELETE FROM ${nameOf(endOfPeriod(key))} WHERE name = ? AND correlation_id = ?`, name, key.text);

  const find = (name: string): KeptClaim | undefined => {
    for (const end of tables.keys()) {
      const claim = findIn(end, name);
      if (claim !== undefined) return claim;
    }
    return undefined;
  };

  return {
    find,

    /** Writes a claim, in place of what has that name. */
    put(claim: KeptClaim): void {
      const { name, request, key, isSent } = claim;
      const end = endOfPeriod(key);
      const before = find(name);
      if (before !== undefined && endOfPeriod(before.key) !== end) remove(before);
      if (!tables.has(end)) {
        const table = open(end);
        table.create();
        tables.set(end, table);
      }
      const values = [key.text, key.shard, key.createdAt, key.deadline, key.expiresAt, isSent ? 1 : 0];
      sql.exec(`INSERT OR REPLACE INTO ${nameOf(end)} VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, name, request, ...values);
    },

    /** Notes that Kafka has the record of a claim's request. */
    markSent: ({ name, key }: KeptClaim): void =>
      void sql.exec(`UPDATE ${nameOf(endOfPeriod(key))} SET is_sent = 1 WHERE name = ? AND correlation_id = ?`, name, key.text),

    remove,

    isEmpty: (): boolean => tables.size === 0,

    /** The periods whose claims have all expired. */
    endsBefore: (time: number): number[] => [...tables.keys()].filter((end) => end <= time),

    table: (end: number) => tables.get(end),

    drop(end: number): void {
      tables.get(end)?.drop();
      tables.delete(end);
    },
  };
};

export type ClaimTables = ReturnType<typeof createClaimTables>;

const nameOf = (end: number): string => `${PREFIX}${end / MINUTE_MS}`;

const readClaim = (row: Record<string, unknown>): KeptClaim => ({
  name: row["name"] as string,
  request: row["request"] as string,
  key: {
    text: row["correlation_id"] as string,
    shard: row["shard"] as number,
    createdAt: row["created_at"] as number,
    deadline: row["deadline"] as number,
    expiresAt: row["expires_at"] as number,
  },
  isSent: row["is_sent"] === 1,
});
