import { RejoinderError } from "./errors.ts";

/**
 * What a consumer ships to the edge of one partition of a view: changes of rows. The body of the signed `POST /views`, as JSON of at most
 * `MAX_BATCH_BYTES`. Repeats and batches of a consumer that has lost the partition meanwhile do no harm: of a row the change with the greater
 * offset stays, and no offset that the edge has goes back.
 */
export type ViewBatch = {
  /** The view's name in the contract. */
  readonly view: string;
  readonly version: number;
  /** Of the event topic; and how many it has. */
  readonly partition: number;
  readonly partitions: number;
  /** Of the partition: see `protocol/position.ts`; empty before its first commit. */
  readonly generation: string;
  /**
   * What makes the rows: 1 to 64 of the characters A-Z a-z 0-9 _ -. Rows of this partition that were made by another fold, or in another generation,
   * are of no use: an edge that has such is behind, with `next` 0, and removes them when a batch from 0 comes.
   */
  readonly fold: string;
  /** The edge must have all rows that changed last before this offset, or it refuses the batch. */
  readonly from: number;
  /** With this batch the edge has all rows that changed last before this offset. At least `from`. */
  readonly to: number;
  /**
   * Whether with this batch the edge has the rows as they are after all commits before `to`: only then may it tell readers that it has these commits.
   * If not, more batches follow, with rows that changed before `to` and again since. Only rows of a fold that was once at the end of its partition are
   * shipped, so once all partitions of a version have had such a batch, that version may be served.
   */
  readonly isCaughtUp: boolean;
  /** Of one row, the latest change only; in the order of their offsets, from `from` to `to`, `to` included if more batches follow. */
  readonly rows: readonly RowChange[];
};

/** How one row is after the commit at that offset; `row` is null if it was removed. */
export type RowChange = { readonly key: string; readonly offset: number; readonly row: unknown };

/** What the edge answers, with status 200. */
export type ViewBatchResult =
  | {
      readonly outcome: "stored";
      /** Names the versions of all views that the edge has. Another text than before: some were added, dropped or rebuilt, so ask about all. */
      readonly versions?: string;
      /** An edge where that costs nothing wants to be asked so soon, about any one, while nothing changes. Absent: within a minute. */
      readonly askAgainMs?: number;
    }
  /** Nothing was stored. The edge has all rows that changed before `next` only, which is less than `from`: send those from there on. */
  | { readonly outcome: "behind"; readonly next: number }
  /** Nothing was stored: the Worker's contract has no such view, or an older version of it. It may be deployed soon. */
  | { readonly outcome: "unknown" };

/** The most that a row may have, as JSON in UTF-8. */
export const MAX_ROW_BYTES = 1024 * 1024;
/** The most that the key of a row may have, in UTF-8. */
export const MAX_ROW_KEY_BYTES = 512;
/** Rows of one batch. */
export const MAX_BATCH_ROWS = 1_000;

const NAME = /^[a-z][a-z0-9-]{0,63}$/;
const GENERATION = /^[A-Za-z0-9_-]{0,12}$/;
const FOLD = /^[A-Za-z0-9_-]{1,64}$/;
const MAX_VERSION = 1_000_000;
const MAX_PARTITIONS = 100_000;

/**
 * Reads the body of `POST /views`.
 * @throws RejoinderError `INVALID_BATCH`, naming the member that is missing or wrong
 */
export const readViewBatch = (json: unknown): ViewBatch => {
  const { view, version, partition, partitions, generation, fold, from, to, isCaughtUp, rows } = (json ?? {}) as Record<string, unknown>;
  if (typeof view !== "string" || !NAME.test(view)) throw invalid("view", "the name of a view", view);
  if (!isWithin(version, 1, MAX_VERSION)) throw invalid("version", `a whole number from 1 to ${MAX_VERSION}`, version);
  if (!isWithin(partitions, 1, MAX_PARTITIONS)) throw invalid("partitions", `a whole number from 1 to ${MAX_PARTITIONS}`, partitions);
  if (!isWithin(partition, 0, partitions - 1)) throw invalid("partition", `a whole number from 0 to ${partitions - 1}`, partition);
  if (typeof generation !== "string" || !GENERATION.test(generation))
    throw invalid("generation", "at most 12 of the characters A-Z a-z 0-9 _ -", generation);
  if (typeof fold !== "string" || !FOLD.test(fold)) throw invalid("fold", "1 to 64 of the characters A-Z a-z 0-9 _ -", fold);
  if (!isWithin(from, 0, Number.MAX_SAFE_INTEGER)) throw invalid("from", "an offset", from);
  if (!isWithin(to, from, Number.MAX_SAFE_INTEGER)) throw invalid("to", `an offset that is not before from, ${from}`, to);
  if (generation === "" && to > 0) throw invalid("generation", "there, since the partition is not empty", generation);
  if (typeof isCaughtUp !== "boolean") throw invalid("isCaughtUp", "true or false", isCaughtUp);
  if (!Array.isArray(rows) || rows.length > MAX_BATCH_ROWS) throw invalid("rows", `an array of at most ${MAX_BATCH_ROWS} rows`, rows);
  const changes = rows.map((row, index) => readRow(row, index, from, to));
  return { view, version, partition, partitions, generation, fold, from, to, isCaughtUp, rows: changes };
};

const readRow = (value: unknown, index: number, from: number, to: number): RowChange => {
  const { key, offset, row } = (value ?? {}) as Record<string, unknown>;
  if (typeof key !== "string" || !isRowKey(key))
    throw invalid(`rows[${index}].key`, `well-formed text of 1 to ${MAX_ROW_KEY_BYTES} bytes of UTF-8, without U+0000`, key);
  if (!isWithin(offset, from, to)) throw invalid(`rows[${index}].offset`, `an offset from ${from} to ${to}`, offset);
  if (row === undefined) throw invalid(`rows[${index}].row`, "the row, or null if it was removed", row);
  return { key, offset, row };
};

/** Whether a row may have that key. */
export const isRowKey = (key: string): boolean =>
  key !== "" &&
  key.length <= MAX_ROW_KEY_BYTES &&
  key.isWellFormed() &&
  !key.includes("\0") &&
  // A character has three bytes at most.
  (key.length * 3 <= MAX_ROW_KEY_BYTES || new TextEncoder().encode(key).length <= MAX_ROW_KEY_BYTES);

const isWithin = (value: unknown, min: number, max: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;

const invalid = (member: string, toBe: string, got: unknown): RejoinderError =>
  new RejoinderError("INVALID_BATCH", {
    detail: `Expected ${member} to be ${toBe}, got ${(JSON.stringify(got) ?? "nothing").slice(0, 80)}.`,
  });
