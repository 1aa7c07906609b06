import type { Claim } from "../request-publisher.ts";
import type { StatusKey } from "../status-store.ts";
import type { Sql } from "./expiring-table.ts";
import { createExpiryTables, readKey } from "./expiry-tables.ts";

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

/**
 * The claims of one mailbox. A claim is looked for by its name alone, so all tables are looked into.
 * @param names of the tables that there are; others are left alone
 */
export const createClaimTables = (sql: Sql, names: Iterable<string>) => {
  const {
    make,
    nameFor,
    names: namesOfAll,
    ...tables
  } = createExpiryTables(sql, { prefix: "claims_", columns: COLUMNS, key: "name", names });
  /** Only where the request that is known to have it still does. */
  const remove = ({ name, key }: KeptClaim): void =>
    void sql.exec(`DELETE FROM ${nameFor(key)} WHERE name = ? AND correlation_id = ?`, name, key.text);

  return {
    ...tables,

    find(name: string): KeptClaim | undefined {
      for (const table of namesOfAll()) {
        const [row] = sql.exec(`SELECT * FROM ${table} WHERE name = ?`, name).toArray();
        if (row !== undefined) return readClaim(row);
      }
      return undefined;
    },

    /** Writes a claim. @param before what has that name, if anything does: it goes */
    put(claim: KeptClaim, before?: KeptClaim): void {
      const { name, request, key, isSent } = claim;
      if (before !== undefined && nameFor(before.key) !== nameFor(key)) remove(before);
      const values = [key.text, key.shard, key.createdAt, key.deadline, key.expiresAt, isSent ? 1 : 0];
      sql.exec(`INSERT OR REPLACE INTO ${make(key)} VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, name, request, ...values);
    },

    /** Notes that Kafka has the record of a claim's request. */
    markSent: ({ name, key }: KeptClaim): void =>
      void sql.exec(`UPDATE ${nameFor(key)} SET is_sent = 1 WHERE name = ? AND correlation_id = ?`, name, key.text),

    remove,
  };
};

export type ClaimTables = ReturnType<typeof createClaimTables>;

const readClaim = (row: Record<string, unknown>): KeptClaim => ({
  name: row["name"] as string,
  request: row["request"] as string,
  key: readKey(row),
  isSent: row["is_sent"] === 1,
});
