import type { TopicPartition } from "../protocol/topic-partition.ts";
import type { FetchResponsePartition } from "./protocol.ts";

type Batch = NonNullable<FetchResponsePartition["records"]>[number];
type BatchRecord = Batch["records"][number];

/** A record as a broker keeps it, in its partition. Everything is bytes; null is Kafka's null. */
export type FetchedRecord = Pick<BatchRecord, "key" | "value" | "headers"> & {
  readonly offset: number;
  /** Milliseconds since 1970: the record's own, or that of its arrival if the topic keeps that. */
  readonly timestamp: number;
};

export type FetchedPartition = TopicPartition & {
  readonly records: readonly FetchedRecord[];
  /** Where to go on once all of the records are taken: past transaction markers and compacted records, too. */
  readonly next: number;
  /** The end of the partition when this was read. */
  readonly end: number;
};

/** An attribute of a batch: it holds transaction markers, not records. */
const IS_CONTROL = 1 << 5;
/** An attribute of a batch: all its records have the time at which the batch arrived. */
const HAS_APPEND_TIME = 1 << 3;

/** Reads the batches of a partition. The first may begin before the wanted offset, since a broker does not cut a batch. */
export const readBatches = (
  { topic, partition }: TopicPartition,
  from: number,
  { records: batches, highWatermark }: Pick<FetchResponsePartition, "records" | "highWatermark">,
): FetchedPartition => {
  const records: FetchedRecord[] = [];
  let next = from;
  for (const batch of batches ?? []) {
    next = Math.max(next, Number(batch.firstOffset) + batch.lastOffsetDelta + 1);
    if ((batch.attributes & IS_CONTROL) !== 0) continue;
    for (const record of batch.records) {
      const offset = Number(batch.firstOffset) + record.offsetDelta;
      if (offset < from) continue;
      const { key, value, headers } = record;
      records.push({ offset, timestamp: timestampOf(batch, record), key, value, headers });
    }
  }
  return { topic, partition, records, next, end: Number(highWatermark) };
};

const timestampOf = ({ attributes, firstTimestamp, maxTimestamp }: Batch, { timestampDelta }: BatchRecord): number =>
  Number((attributes & HAS_APPEND_TIME) === 0 ? firstTimestamp + timestampDelta : maxTimestamp);
