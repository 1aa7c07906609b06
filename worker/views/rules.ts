import type { ViewBatch } from "../../protocol/view-batch.ts";
import type { ViewPosition } from "./view-store.ts";

/** How far a shard is in one partition of a version. */
export type Progress = {
  readonly generation: string;
  /** The generation before, if the log was made anew. */
  readonly former: string | null;
  /** What makes its rows: see {@link ViewBatch}. */
  readonly fold: string;
  /** It has all rows that changed last before this offset. */
  readonly next: number;
  /** It has the rows as they are after all commits before this offset; null: it never had those of all commits that there were. */
  readonly reached: number | null;
};

/** One version of a view in a shard. Its rows have its ID, which is never used again. */
export type Version = {
  readonly id: number;
  readonly view: string;
  readonly version: number;
  /** 0: not known yet. */
  readonly partitions: number;
  /** When callers began to read it, in milliseconds since 1970; null: they do not. */
  readonly servedSince: number | null;
  /** They do, or did before an operator switched to another one. */
  readonly wasServed: boolean;
  readonly progress: ReadonlyMap<number, Progress>;
};

/** What a batch does. `begins`: the rows of its partition are removed before. */
export type Settlement =
  | { readonly outcome: "behind"; readonly next: number }
  /** It says nothing new. */
  | { readonly outcome: "old" }
  | { readonly outcome: "stored"; readonly begins: boolean; readonly progress: Progress };

type BatchHead = Pick<ViewBatch, "generation" | "fold" | "from" | "to" | "isCaughtUp">;

/**
 * Whether a batch can be stored. A batch closes up to what is there, or overlaps it: a gap would leave changes out for ever. Of another fold or another
 * generation only a beginning can be stored, since the rows of two folds and the offsets of two logs have nothing in common.
 *
 * Two consumers may send at a time, of which one was thought dead. Between two batches that are caught up, the rows are those of a consumer that knows of
 * later changes: so who begins then begins where all was as it should be. A batch that ends before `next` says nothing new, unless it comes between.
 */
export const settle = (known: Progress | undefined, { generation, fold, from, to, isCaughtUp }: BatchHead): Settlement => {
  const reached = isCaughtUp ? to : null;
  if (known === undefined || known.fold !== fold || known.generation !== generation) {
    if (from > 0) return { outcome: "behind", next: 0 };
    if (known === undefined) return { outcome: "stored", begins: false, progress: { generation, former: null, fold, next: to, reached } };
    // The first commit of a partition makes a generation, and no other log.
    const begins = known.generation !== "" || known.fold !== fold;
    const former = known.generation === "" || known.generation === generation ? known.former : known.generation;
    return {
      outcome: "stored",
      begins,
      progress: { generation, former, fold, next: to, reached: reached ?? (begins ? null : known.reached) },
    };
  }
  // Who only asks has not sent the rows that came last, so it must not end what another consumer is in the middle of.
  const isQuestion = isCaughtUp && from === to;
  const fits = isQuestion && known.reached !== known.next ? from <= (known.reached ?? 0) : from <= known.next;
  if (!fits) return { outcome: "behind", next: known.reached ?? 0 };
  if (to >= known.next) return { outcome: "stored", begins: false, progress: { ...known, next: to, reached: reached ?? known.reached } };
  return known.reached === known.next ? { outcome: "old" } : { outcome: "stored", begins: false, progress: known };
};

/** Whether all partitions were caught up once. */
export const isReady = ({ partitions, progress }: Pick<Version, "partitions" | "progress">): boolean => {
  if (partitions === 0) return false;
  for (let partition = 0; partition < partitions; partition++) if ((progress.get(partition)?.reached ?? null) === null) return false;
  return true;
};

/** Whether a version has the rows of all commits that callers of another one may have seen. */
export const hasAllOf = ({ progress }: Pick<Version, "progress">, other: Pick<Version, "progress">): boolean =>
  [...other.progress].every(([partition, { generation, next }]) => {
    const own = progress.get(partition);
    // Offsets of two logs have nothing in common.
    return own === undefined || own.generation !== generation || (own.reached ?? 0) >= next;
  });

/** How a position is to a version: `later`: it is yet to come, or nobody knows yet that the log is another one. */
export const compareTo = ({ partitions, progress }: Version, { partition, offset, generation }: ViewPosition) => {
  if (partition >= partitions) return "no-partition";
  const known = progress.get(partition);
  if (known === undefined || known.generation !== generation) return known?.former === generation ? "gone" : "later";
  return offset < (known.reached ?? 0) ? "there" : "later";
};

/** Whether the log of a position is another one than that which is known. */
export const isOfOtherLog = ({ progress }: Version, { partition, generation }: ViewPosition): boolean => {
  const known = progress.get(partition)?.generation;
  return known !== undefined && known !== "" && known !== generation;
};

/** Orders keys as SQLite does: by the bytes of UTF-8, which is by code points. */
export const compareKeys = (one: string, other: string): number => {
  if (one === other) return 0;
  for (let index = 0; ; index++) {
    const [a, b] = [one.charCodeAt(index), other.charCodeAt(index)];
    if (a === b) continue;
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) ? -1 : 1;
    // Surrogates stand for code points behind all others.
    const [isHigh, isOtherHigh] = [a >= 0xd800 && a <= 0xdfff, b >= 0xd800 && b <= 0xdfff];
    return isHigh === isOtherHigh ? a - b : isHigh ? 1 : -1;
  }
};

/** The shard of a key, by what it has before the first slash: rows whose keys begin with the same owner are together. Never changed. */
export const shardOf = (key: string, shards: number): number => {
  const slash = key.indexOf("/");
  const length = slash < 0 ? key.length : slash;
  let hash = 0x811c9dc5;
  for (let index = 0; index < length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  // The lowest bits of FNV-1a are weak.
  return ((hash ^ (hash >>> 15)) >>> 0) % shards;
};
