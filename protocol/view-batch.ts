/**
 * What a consumer ships to the edge of one partition of a view: all changes of rows by the commits from one offset up to another. The body of the
 * signed `POST /views`, as JSON.
 */
export type ViewBatch = {
  /** The view's name in the contract. */
  readonly view: string;
  readonly version: number;
  /** Of the event topic; and how many it has. */
  readonly partition: number;
  readonly partitions: number;
  /** Of the partition: see `protocol/position.ts`. */
  readonly generation: string;
  /** The edge must have all changes by commits before this offset, or it refuses the batch. */
  readonly from: number;
  /** With this batch the edge has all changes by commits before this offset. */
  readonly to: number;
  /** Whether that was the end of the partition when it was read: once all partitions of a version have been there, that version is served. */
  readonly isCaughtUp: boolean;
  /** Of one row, the latest change only. */
  readonly rows: readonly RowChange[];
};

/** How one row is after the commit at that offset; `row` is null if it was removed. */
export type RowChange = { readonly key: string; readonly offset: number; readonly row: unknown };

export type ViewBatchResult =
  | { readonly outcome: "stored" }
  /** Nothing was stored. The edge has all changes before `next` only: send those from there on. */
  | { readonly outcome: "behind"; readonly next: number }
  /** Nothing was stored: the Worker's contract has no such view, or an older version of it. It may be deployed soon. */
  | { readonly outcome: "unknown" };

/** The most that a row may have, as JSON in UTF-8. */
export const MAX_ROW_BYTES = 1024 * 1024;
/** The most that the key of a row may have, in UTF-8. */
export const MAX_ROW_KEY_BYTES = 512;
/** Rows of one batch. */
export const MAX_BATCH_ROWS = 1_000;
