import type { Retention } from "../engine.ts";

/**
 * A stretch of a partition. Retention removes whole segments, and a search by time skips those that are too old.
 */
export type Segment = {
  /** Its first offset; it ends where the next one begins. */
  readonly base: number;
  /** When it was begun, in ms. */
  readonly begunAt: number;
  /** When its last record was stored, or a little later, in ms. */
  storedAt: number;
  /** Of all its records. */
  bytes: number;
  /** The latest timestamp of its records; -1 without any. */
  latest: number;
};

/** Small enough to look through for a time, and to be removed while calls wait. */
const MAX_BYTES = 1024 * 1024;
/** How exact retention is: at most a tenth more than the limit is kept. */
const RETENTION_PARTS = 10;

/** Whether the next record begins another segment. */
export const isFull = ({ bytes, begunAt }: Segment, retention: Retention, now: number): boolean => {
  if (bytes === 0) return false;
  const maxBytes = Math.min(MAX_BYTES, (retention.bytes ?? Infinity) / RETENTION_PARTS);
  return bytes >= maxBytes || now - begunAt >= (retention.ms ?? Infinity) / RETENTION_PARTS;
};
