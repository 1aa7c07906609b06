import type { TopicPartition, TopicPartitionOffset } from "../protocol/topic-partition.ts";
import type { FetchResponsePartition } from "./protocol.ts";

type Batch = NonNullable<FetchResponsePartition["records"]>[number];
type BatchRecord = Batch["records"][number];

/** A record as a broker keeps it, in its partition. Everything is bytes; null is Kafka's null. */
export type FetchedRecord = Pick<BatchRecord, "key" | "value" | "headers"> & {
  readonly offset: number;
  /** Milliseconds since 1970: the record's own, or that of its arrival if the topic keeps that. */
  readonly timestamp: number;
  readonly isAppendTime?: true;
};

export type FetchedPartition = TopicPartition & {
  readonly records: readonly FetchedRecord[];
  /** Where to go on once all of the records are taken: past transaction markers and compacted records, too. */
  readonly next: number;
  /** The end of the partition when this was read. */
  readonly end: number;
};

/** Attributes of a batch (https://kafka.apache.org/documentation/#recordbatch). */
const ATTRIBUTES = {
  /** All its records have the time at which the batch arrived. */
  hasAppendTime: 1 << 3,
  isTransactional: 1 << 4,
  /** It holds the marker that ends a transaction, no records. */
  isControl: 1 << 5,
} as const;

/**
 * Reads the batches of a partition. The first may begin before the wanted offset, since a broker does not cut a batch.
 * @param readCommitted whether the answer was asked for with that isolation: then records of aborted transactions are in it, with the
 *   list of those transactions, and are left out here
 */
export const readBatches = (
  { topic, partition, offset: from }: TopicPartitionOffset,
  { records: batches, highWatermark, abortedTransactions }: FetchResponsePartition,
  { readCommitted }: { readonly readCommitted: boolean },
): FetchedPartition => {
  const records: FetchedRecord[] = [];
  const isAborted = createAbortedFilter(readCommitted ? (abortedTransactions ?? []) : []);
  let next = from;
  for (const batch of batches ?? []) {
    next = Math.max(next, Number(endOf(batch)));
    const leftOut = isAborted(batch);
    if (leftOut || has(batch, ATTRIBUTES.isControl)) continue;
    for (const record of batch.records) {
      const offset = Number(batch.firstOffset) + record.offsetDelta;
      if (offset < from) continue;
      const { key, value, headers } = record;
      const fetched = { offset, timestamp: timestampOf(batch, record), key, value, headers };
      records.push(has(batch, ATTRIBUTES.hasAppendTime) ? { ...fetched, isAppendTime: true } : fetched);
    }
  }
  return { topic, partition, records, next, end: Number(highWatermark) };
};

const has = ({ attributes }: Batch, attribute: number): boolean => (attributes & attribute) !== 0;

const endOf = ({ firstOffset, lastOffsetDelta }: Batch): bigint => firstOffset + BigInt(lastOffsetDelta) + 1n;

const timestampOf = (batch: Batch, { timestampDelta }: BatchRecord): number =>
  Number(has(batch, ATTRIBUTES.hasAppendTime) ? batch.maxTimestamp : batch.firstTimestamp + timestampDelta);

/** The type of a marker, in its key behind a version of two bytes. */
const MARKER_TYPE_AT = 2;
const ABORT = 0;

/** Tells which batches belong to aborted transactions. To be asked of each batch in turn: a transaction ends with its marker. */
const createAbortedFilter = (transactions: NonNullable<FetchResponsePartition["abortedTransactions"]>): ((batch: Batch) => boolean) => {
  let waiting = transactions.toSorted((one, other) => Number(one.firstOffset - other.firstOffset));
  const aborting = new Set<bigint>();
  return (batch) => {
    if (waiting.length === 0 && aborting.size === 0) return false;
    const begun = waiting.filter(({ firstOffset }) => firstOffset < endOf(batch));
    for (const { producerId } of begun) aborting.add(producerId);
    waiting = waiting.slice(begun.length);
    if (!has(batch, ATTRIBUTES.isControl)) return has(batch, ATTRIBUTES.isTransactional) && aborting.has(batch.producerId);
    if (batch.records[0]?.key?.readInt16BE(MARKER_TYPE_AT) === ABORT) aborting.delete(batch.producerId);
    return false;
  };
};
