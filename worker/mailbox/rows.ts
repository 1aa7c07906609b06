import type { StatusKey, StoredChunks } from "../status-store.ts";
import { CANCELLATIONS, type Cancellations, createCancellations } from "./cancellations.ts";
import type { ChunkChange } from "./chunk-rules.ts";
import { type ChunkTable, createChunkTable } from "./chunk-table.ts";
import { type ClaimTables, createClaimTables } from "./claim-tables.ts";
import type { RowKey, Sql } from "./expiring-table.ts";
import { createRequestIndex, type RequestIndex } from "./request-index.ts";
import { GRACE_AFTER_DEADLINE_MS, type KeptStatus } from "./rules.ts";
import { createStatusTable, type StatusTable } from "./status-table.ts";
import { createWebhookTable, WEBHOOKS, type WebhookTable } from "./webhook-table.ts";

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

const STATUS = "status";
const CHUNKS = "chunks";
/** Where the rows of a request are: in the tables of the period with that end, or in the rest. */
export type Place = number | "rest";
const tableName = (kind: typeof STATUS | typeof CHUNKS, place: Place): string => (place === "rest" ? kind : `${kind}_${place / MINUTE_MS}`);
/** The place that a table is for. */
const placeOf = (name: string): Place => (name.includes("_") ? Number(name.split("_")[1]) * MINUTE_MS : "rest");

/** How far the rows of a period have gone to KV: all up to this key, and when the last of them had. */
export type Closing = RowKey & { readonly archivedAt: number | null };

const CLOSING_TABLE = `CREATE TABLE IF NOT EXISTS closing (
  period_end INTEGER PRIMARY KEY,
  expires_at INTEGER NOT NULL,
  correlation_id TEXT NOT NULL,
  archived_at INTEGER
)`;

/** What is in the database, so that nobody needs to ask for it. */
type Known = {
  readonly tables: Map<number, StatusTable>;
  readonly chunks: Map<Place, ChunkTable>;
  readonly closing: Map<number, Closing>;
  readonly cancellations: Cancellations;
  readonly claims: ClaimTables;
  readonly webhooks: WebhookTable;
  readonly index: RequestIndex;
  restIsEmpty: boolean;
};

/**
 * The statuses of one mailbox, a row each. Requests whose deadlines are in one period share a table. It is dropped when its last row has expired or
 * gone to KV: Cloudflare bills each row that is deleted, and none that is dropped. The table `status` holds the rest, whose rows are deleted
 * one by one: what an earlier version wrote, and what outlives the table of its period. Chunks have tables of the same kind, made when a handler
 * emits, and they always are where the status of their request is.
 *
 * Every call is synchronous; the caller makes the transaction, and calls `forget` if it fails.
 */
export const createRows = (sql: Sql) => {
  const rest = createStatusTable(sql, STATUS);
  let known: Known | undefined;

  const open = (): Known => {
    rest.create();
    sql.exec(CLOSING_TABLE);
    const found = sql.exec("SELECT name, sql FROM sqlite_master WHERE type = 'table'").toArray();
    const definitions = new Map(found.map((row) => [String(row["name"]), String(row["sql"])]));
    const namesOf = (kind: string): string[] => [...definitions.keys()].filter((name) => new RegExp(`^${kind}(?:_\\d+)?$`).test(name));
    const tables = new Map(namesOf(STATUS).map((name) => [placeOf(name), createStatusTable(sql, name)]));
    for (const [place, table] of tables) table.addMissingColumns(definitions.get(tableName(STATUS, place)) as string);
    const chunks = new Map(namesOf(CHUNKS).map((name) => [placeOf(name), createChunkTable(sql, name)]));
    // An earlier version drops the statuses of a period only.
    for (const [place, table] of chunks) if (!tables.has(place) && chunks.delete(place)) table.drop();
    tables.delete("rest");
    const closing = sql.exec("SELECT period_end, expires_at, correlation_id, archived_at FROM closing").toArray();
    return {
      tables: tables as Map<number, StatusTable>,
      chunks,
      closing: new Map(closing.map((row) => [row["period_end"] as number, readClosing(row)])),
      cancellations: createCancellations(sql, definitions.has(CANCELLATIONS)),
      claims: createClaimTables(sql, definitions.keys()),
      webhooks: createWebhookTable(sql, definitions.has(WEBHOOKS)),
      index: createRequestIndex(sql, definitions.keys()),
      restIsEmpty: rest.isEmpty(),
    };
  };
  const database = (): Known => (known ??= open());
  const tableOf = (end: number): StatusTable | undefined => database().tables.get(end);

  const makeChunks = (place: Place): ChunkTable => {
    const name = tableName(CHUNKS, place);
    const table = createChunkTable(sql, name);
    table.create();
    database().chunks.set(place, table);
    return table;
  };

  /** Adds a row of a period to the rest, and what its handler has emitted. */
  const insertIntoRest = (end: number, key: RowKey, status: KeptStatus): boolean => {
    database().restIsEmpty = false;
    if (!rest.insert(key, status)) return false;
    const emitted = status.details?.chunks === undefined ? undefined : database().chunks.get(end);
    if (emitted !== undefined) {
      if (!database().chunks.has("rest")) makeChunks("rest");
      emitted.copyTo(tableName(CHUNKS, "rest"), key);
    }
    return true;
  };
  const findInRest = (key: RowKey): KeptStatus | undefined => (database().restIsEmpty ? undefined : rest.find(key));
  const findIn = (end: number, key: RowKey): KeptStatus | undefined => findInRest(key) ?? tableOf(end)?.find(key);
  const isClosing = (end: number): boolean => database().closing.has(end);

  const makeTable = (end: number): StatusTable => {
    const table = createStatusTable(sql, tableName(STATUS, end));
    table.create();
    database().tables.set(end, table);
    return table;
  };

  const insert = (key: StatusKey, status: KeptStatus, now: number): boolean => {
    const end = endOfPeriod(key);
    const table = tableOf(end);
    if (findInRest(key) !== undefined) return false;
    if (table !== undefined && !isClosing(end)) return table.insert(key, status);
    if (table !== undefined) return table.find(key) === undefined && insertIntoRest(end, key, status);
    // Those who ask for old requests, one by one, make no table for each.
    return now > end + GRACE_AFTER_DEADLINE_MS ? insertIntoRest(end, key, status) : makeTable(end).insert(key, status);
  };

  const note = (key: StatusKey, status: KeptStatus): void => {
    database().cancellations.note(key, status);
    database().webhooks.note(key, status);
  };

  const chunksOf = (place: Place, key: RowKey): ChunkTable | undefined =>
    database().chunks.size === 0 ? undefined : database().chunks.get(findInRest(key) === undefined ? place : "rest");

  return {
    find: (key: StatusKey): KeptStatus | undefined => findIn(endOfPeriod(key), key),

    /** The same, for who knows the end of the period. */
    findIn,

    /** Adds a status, unless there is one for that key: then it returns false. */
    insert(key: StatusKey, status: KeptStatus, now: number): boolean {
      const isInserted = insert(key, status, now);
      if (isInserted) note(key, status);
      return isInserted;
    },

    /** Replaces the status that there is for that key. It has to go to KV again if it went there before. */
    update(key: StatusKey, status: KeptStatus): void {
      const end = endOfPeriod(key);
      if (findInRest(key) !== undefined) rest.update(key, status);
      else if (isClosing(end)) insertIntoRest(end, key, status);
      else tableOf(end)?.update(key, status);
      note(key, status);
    },

    /** Adds chunks beside the status that has them. */
    addChunks(key: StatusKey, { added, replaces }: ChunkChange): void {
      const place = findInRest(key) === undefined ? endOfPeriod(key) : "rest";
      const table = database().chunks.get(place) ?? makeChunks(place);
      if (replaces) table.delete(key);
      table.insert(key, added);
    },

    /** What came of a run of a handler after a version, in its order; undefined if there are no chunks for that key. */
    findChunks(place: Place, key: RowKey, execution: string, afterVersion = 0): readonly StoredChunks[] | undefined {
      const table = chunksOf(place, key);
      const found = table?.find(key, execution, afterVersion);
      return found?.length === 0 && table?.has(key) === false ? undefined : found;
    },

    /** The requests that somebody wants to cancel and that have not ended, by correlation ID. */
    openCancellations: (now: number): readonly string[] => database().cancellations.open(now),

    /** Forgets the cancellations of requests that no handler is at work for any more. */
    deleteCancellations: (now: number): void => database().cancellations.deleteBefore(now),

    /** The claims by Idempotency-Keys. */
    get claims(): ClaimTables {
      return database().claims;
    },

    /** Who wants to hear of the end of requests. */
    get webhooks(): WebhookTable {
      return database().webhooks;
    },

    /** The requests by their owners. */
    get index(): RequestIndex {
      return database().index;
    },

    /** Must be called when a transaction has failed: what it had made is gone. */
    forget(): void {
      known = undefined;
    },

    isEmpty(): boolean {
      const { tables, claims, webhooks, index } = database();
      database().restIsEmpty = rest.isEmpty();
      const hasNoChunks = database().chunks.get("rest")?.isEmpty() ?? true;
      return tables.size === 0 && database().restIsEmpty && hasNoChunks && claims.isEmpty() && webhooks.isEmpty() && index.isEmpty();
    },

    /** The rows that no table of a period holds. */
    rest,

    /** The periods that ended before, the oldest first. */
    endsBefore: (time: number): number[] => [...database().tables.keys()].filter((end) => end <= time).toSorted((a, b) => a - b),

    table: tableOf,

    /** The tables of a period, in the order in which they may be emptied: chunks are read only beside their status. */
    tablesOf: (end: number): readonly Pick<StatusTable, "deleteFirst">[] =>
      [tableOf(end), database().chunks.get(end)].filter((table) => table !== undefined),

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
      if (status !== undefined) insertIntoRest(end, key, status);
    },

    /** Deletes about `limit` rows of the rest that are past their retention, and says whether there may be more. */
    deleteExpired(now: number, limit: number): boolean {
      const hasMoreChunks = database().chunks.get("rest")?.deleteExpired(now, limit) ?? false;
      return rest.deleteExpired(now, limit) || hasMoreChunks;
    },

    /** Deletes the rows of the rest that KV has had since before that time. */
    deleteArchived(before: number): void {
      database().chunks.get("rest")?.deleteArchived(STATUS, before);
      rest.deleteArchived(before);
    },

    drop(end: number): void {
      database().chunks.get(end)?.drop();
      database().chunks.delete(end);
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
