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
  | { readonly outcome: "stored" }
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
