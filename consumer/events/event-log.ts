import type { ConsumerRecord, ProducerRecord } from "../../protocol/kafka-record.ts";
import type { TopicPartition, TopicPartitionOffset } from "../../protocol/topic-partition.ts";

/** Where events are: topics of which every record is kept, for whoever appends to their partitions and reads them from any offset. */
export type EventLog = {
  readonly name: string;
  /** How many partitions each of the topics has. Those that do not exist are left out. */
  partitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /**
   * Why a topic may lose records, or is not there: each fault as a sentence that says how to mend it. Empty if there is none, or nothing that can be
   * asked tells.
   * @param partitions how many a topic that is to be made should have
   */
  faults(topic: string, partitions?: number): Promise<readonly string[]>;
  /** The first offset that is kept, and that of the next record. */
  ends(partition: TopicPartition): Promise<{ readonly first: number; readonly end: number }>;
  /**
   * Appends records to a partition, in their order. Others may append between them.
   * @returns the offset of each
   * @throws AppendError saying what became of them
   */
  append(to: TopicPartition, records: readonly NewEventRecord[]): Promise<readonly number[]>;
  /**
   * The records of a partition from an offset on, waiting a bounded time if there are none yet. May have gaps, which Kafka leaves for markers.
   * @throws TrimmedError if records from that offset on were deleted; the reason of the signal once it is aborted; any other error if the log cannot be
   * read now
   */
  read(from: TopicPartitionOffset, options: ReadOptions): Promise<EventRecords>;
  close(): Promise<void>;
};

export type NewEventRecord = Omit<ProducerRecord, "topic">;

export type ReadOptions = {
  /** How long to wait for a first record. 0: not at all. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** What comes behind it is not asked for next. Default: it is, so it may be read already. */
  readonly isAlone?: boolean;
};

export type EventRecords = {
  readonly records: readonly ConsumerRecord[];
  /** The offset to read next. */
  readonly next: number;
  /** The offset of the next record that will be appended, as it was known when these were read. */
  readonly end: number;
};

/** Records were not appended, or nobody knows. */
export class AppendError extends Error {
  override readonly name = "AppendError";
  /**
   * `unavailable`: nothing was stored; try again later. `unknown`: each may be stored, now or later. `rejected`: nothing was stored, and the same records
   * never will be, perhaps because of one of them alone, such as one that is too large.
   */
  readonly outcome: "unavailable" | "unknown" | "rejected";

  constructor(outcome: AppendError["outcome"], message: string, cause?: unknown) {
    super(message, { cause });
    this.outcome = outcome;
  }
}

/** Records of an event topic are gone. Whoever reads on would have a wrong state. */
export class TrimmedError extends Error {
  override readonly name = "TrimmedError";
}
