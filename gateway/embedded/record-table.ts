import type { DatabaseSync, StatementSync } from "node:sqlite";

/** A record on disk. Headers are text of `headersToText`; null where there is none. */
export type Row = [offset: number, timestamp: number, key: string | null, value: string, headers: string | null];

/** How much a table holds from an offset on. */
export type Extent = { readonly last: number | undefined; readonly latest: number; readonly bytes: number };

/** The records of one partition. The table has only appends at its end, which SQLite does best. */
export type RecordTable = {
  insert(offset: number, timestamp: number, key: string | null, value: string, headers: string | null): void;
  /** Rows from an offset on, in order. */
  rows(from: number, most: number): Iterable<Row>;
  /** The first offset from another one on with no earlier timestamp. */
  firstSince(from: number, time: number): number | undefined;
  removeBefore(offset: number): void;
  measure(from: number): Extent;
};

/** What a record takes on disk beside its texts, approximately. So even an empty record counts. */
export const ROW_BYTES = 16;

/** The name of a partition's table. */
const nameOf = (partitionId: number): string => `records_${partitionId}`;

/** Makes the table of a partition. */
export const createRecordTable = (database: DatabaseSync, partitionId: number): void =>
  database.exec(`
    CREATE TABLE ${nameOf(partitionId)} (
      "offset" INTEGER PRIMARY KEY,
      timestamp INTEGER NOT NULL,
      key TEXT,
      value TEXT NOT NULL,
      headers TEXT
    ) STRICT`);

/** Opens the table of a partition, which must exist. */
export const openRecordTable = (database: DatabaseSync, partitionId: number): RecordTable => {
  const table = nameOf(partitionId);
  const insert = prepareOnce(database, `INSERT INTO ${table} VALUES (?, ?, ?, ?, ?)`);
  const select = prepareOnce(database, `SELECT * FROM ${table} WHERE "offset" >= ? ORDER BY "offset" LIMIT ?`);
  const selectBytes = prepareOnce(
    database,
    `SELECT "offset", timestamp, CAST(key AS BLOB), CAST(value AS BLOB), CAST(headers AS BLOB) FROM ${table}
     WHERE "offset" >= ? ORDER BY "offset" LIMIT ?`,
  );
  const selectSince = prepareOnce(
    database,
    `SELECT "offset" FROM ${table} WHERE "offset" >= ? AND timestamp >= ? ORDER BY "offset" LIMIT 1`,
  );
  let readsText: boolean | undefined;
  const remove = prepareOnce(database, `DELETE FROM ${table} WHERE "offset" < ?`);
  return {
    insert: (offset, timestamp, key, value, headers) => void insert().run(offset, timestamp, key, value, headers),
    rows(from, most) {
      readsText ??= readsTextToItsEnd(database);
      return readsText
        ? (select().iterate(from, most) as unknown as Iterable<Row>)
        : decoded(selectBytes().iterate(from, most) as unknown as Iterable<RowOfBytes>);
    },
    firstSince(from, time) {
      const [offset] = (selectSince().get(from, time) ?? []) as unknown as [number?];
      return offset;
    },
    removeBefore: (offset) => void remove().run(offset),
    measure(from) {
      const statement = database.prepare(`
        SELECT max("offset") AS last, max(timestamp) AS latest,
          sum(${ROW_BYTES} + octet_length(value) + coalesce(octet_length(key), 0) + coalesce(octet_length(headers), 0)) AS bytes
        FROM ${table} WHERE "offset" >= ?`);
      const { last, latest, bytes } = statement.get(from) ?? {};
      return last == null
        ? { last: undefined, latest: -1, bytes: 0 }
        : { last: Number(last), latest: Number(latest), bytes: Number(bytes) };
    },
  };
};

type Bytes = Uint8Array | null;
type RowOfBytes = [offset: number, timestamp: number, key: Bytes, value: Bytes, headers: Bytes];

const textOf = (bytes: Bytes): string | null =>
  bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();

function* decoded(rows: Iterable<RowOfBytes>): Iterable<Row> {
  for (const [offset, timestamp, key, value, headers] of rows) yield [offset, timestamp, textOf(key), textOf(value) ?? "", textOf(headers)];
}

/** Node 22 reads text up to its first NUL only. It stores all of it, and reads bytes to their end. */
const readsTextToItsEnd = (database: DatabaseSync): boolean =>
  database.prepare("SELECT 'a' || char(0) || 'b' AS text").get()?.["text"] === "a\0b";

/** A statement is made when it is needed, since of thousands of partitions few may be used. Rows come as arrays. */
const prepareOnce = (database: DatabaseSync, sql: string): (() => StatementSync) => {
  let statement: StatementSync | undefined;
  return () => {
    if (statement === undefined) {
      statement = database.prepare(sql);
      statement.setReturnArrays(true);
    }
    return statement;
  };
};
