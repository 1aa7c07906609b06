import type { FetchResponsePartition } from "./protocol.ts";
import type { TopicPartition } from "../../protocol/topic-partition.ts";
import type { StoredRecord } from "../engine.ts";

type Batch = NonNullable<FetchResponsePartition["records"]>[number];
type BatchRecord = Batch["records"][number];

/** A record as a broker keeps it, in its partition: turned into text only when it is to be answered. */
export type FetchedRecord = { readonly offset: number; readonly bytes: number; read(): StoredRecord };

export type FetchedPartition = TopicPartition & {
  readonly records: readonly FetchedRecord[];
  /** Where to go on once all of the records were taken: behind markers and what compaction removed, too. */
  readonly next: number;
  /** The partition's end, when this was read. */
  readonly end: number;
};

/** Of the attributes of a batch: the marker of a transaction's end, no record; and whose time its records have. */
const IS_CONTROL = 1 << 5;
const HAS_APPEND_TIME = 1 << 3;

/** Reads the batches of a partition. The first may begin before the offset that was asked for, as a broker cuts no batch. */
export const readBatches = (
  place: TopicPartition,
  from: number,
  { records: batches, highWatermark }: FetchResponsePartition,
): FetchedPartition => {
  const records: FetchedRecord[] = [];
  let next = from;
  for (const batch of batches ?? []) {
    next = Math.max(next, Number(batch.firstOffset) + batch.lastOffsetDelta + 1);
    if ((batch.attributes & IS_CONTROL) !== 0) continue;
    for (const record of batch.records) {
      const offset = Number(batch.firstOffset) + record.offsetDelta;
      if (offset >= from) records.push({ offset, bytes: sizeOf(record), read: () => storedRecord(place, offset, batch, record) });
    }
  }
  return { ...place, records, next, end: Number(highWatermark) };
};

/** Others may have stored bytes that are no text: they become replacement characters. What is not there becomes the empty text. */
const storedRecord = (
  { topic, partition }: TopicPartition,
  offset: number,
  { attributes, firstTimestamp, maxTimestamp }: Batch,
  { timestampDelta, key, value, headers }: BatchRecord,
): StoredRecord => ({
  topic,
  partition,
  offset,
  timestamp: Number((attributes & HAS_APPEND_TIME) === 0 ? firstTimestamp + timestampDelta : maxTimestamp),
  key: textOf(key),
  value: textOf(value),
  headers: headers.map(([key, value]) => ({ key: textOf(key), value: textOf(value) })),
});

const textOf = (bytes: Buffer | null): string => bytes?.toString() ?? "";

const sizeOf = ({ key, value, headers }: BatchRecord): number =>
  headers.reduce((bytes, [name, value]) => bytes + (name?.length ?? 0) + (value?.length ?? 0), (key?.length ?? 0) + (value?.length ?? 0));
