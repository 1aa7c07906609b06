import { type ProducerRecord, readAttribute } from "../../protocol/kafka-record.ts";
import { ownerPartOf, PUBLIC_OWNER, writeOwnerPart } from "../correlation-id.ts";
import { comparePositions, type ListPosition } from "../request-index.ts";
import type { StatusKey } from "../status-store.ts";
import type { Sql } from "./expiring-table.ts";
import { createExpiryTables, readKey } from "./expiry-tables.ts";

/** A request as the index has it. */
export type IndexedRequest = { readonly key: StatusKey; readonly operation: string };

// The key has what a list asks for, in its order, so a request is one row written, and no other index.
const COLUMNS = `(
  owner TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  correlation_id TEXT NOT NULL,
  shard INTEGER NOT NULL,
  deadline INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  operation TEXT NOT NULL,
  PRIMARY KEY (owner, created_at, correlation_id)
) WITHOUT ROWID`;

const KEY = "owner, created_at, correlation_id";
const NEWEST: ListPosition = { createdAt: Number.MAX_SAFE_INTEGER, text: "" };

/**
 * The requests of one mailbox by their owners, as long as their statuses can be read. What nobody owns is not in it.
 * @param names of the tables that there are; others are left alone
 */
export const createRequestIndex = (sql: Sql, names: Iterable<string>) => {
  const { make, nameFor, names: namesOfAll, ...tables } = createExpiryTables(sql, { prefix: "index_", columns: COLUMNS, key: KEY, names });

  return {
    ...tables,

    /** Adds the request of a record, unless it is there. */
    add(key: StatusKey, record: ProducerRecord): void {
      const owner = ownerPartOf(key.text);
      if (owner === ANYBODY) return;
      const values = [owner, key.createdAt, key.text, key.shard, key.deadline, key.expiresAt, readAttribute(record, "type") ?? ""];
      sql.exec(`INSERT INTO ${make(key)} VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, ...values);
    },

    remove(key: StatusKey): void {
      const owner = ownerPartOf(key.text);
      if (owner !== ANYBODY) sql.exec(`DELETE FROM ${nameFor(key)} WHERE (${KEY}) = (?, ?, ?)`, owner, key.createdAt, key.text);
    },

    /** The first requests behind a position that have not expired, the newest first, of the owners with these tags. */
    find(owners: readonly string[], { createdAt, text }: ListPosition = NEWEST, limit: number, now: number): IndexedRequest[] {
      const where = "owner = ? AND (created_at, correlation_id) < (?, ?) AND expires_at > ?";
      const order = "created_at DESC, correlation_id DESC";
      return namesOfAll()
        .flatMap((table) =>
          owners.flatMap((owner) =>
            sql
              .exec(`SELECT * FROM ${table} WHERE ${where} ORDER BY ${order} LIMIT ?`, writeOwnerPart(owner), createdAt, text, now, limit)
              .toArray(),
          ),
        )
        .map(readRow)
        .toSorted((one, other) => comparePositions(one.key, other.key))
        .slice(0, limit);
    },
  };
};

export type RequestIndex = ReturnType<typeof createRequestIndex>;

const ANYBODY = writeOwnerPart(PUBLIC_OWNER);

const readRow = (row: Record<string, unknown>): IndexedRequest => ({
  key: readKey(row),
  operation: row["operation"] as string,
});
