import type { FetchedRecord } from "../../kafka/record-batches.ts";
import type { TopicPartition } from "../../protocol/topic-partition.ts";
import type { StoredRecord } from "../engine.ts";

/** A record as text. Bytes that are not UTF-8 become replacement characters, and null becomes the empty text. */
export const storedRecord = (
  { topic, partition }: TopicPartition,
  { offset, timestamp, key, value, headers }: FetchedRecord,
): StoredRecord => ({
  topic,
  partition,
  offset,
  timestamp,
  key: textOf(key),
  value: textOf(value),
  headers: headers.map(([key, value]) => ({ key: textOf(key), value: textOf(value) })),
});

const textOf = (bytes: Buffer | null): string => bytes?.toString() ?? "";

/** How many bytes a record counts for in an answer. */
export const sizeOf = ({ key, value, headers }: FetchedRecord): number =>
  headers.reduce((bytes, [name, value]) => bytes + (name?.length ?? 0) + (value?.length ?? 0), (key?.length ?? 0) + (value?.length ?? 0));
