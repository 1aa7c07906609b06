import type { ConsumerRecord, RecordHeader } from "../../protocol/kafka-record.ts";
import type { TopicPartition } from "../../protocol/topic-partition.ts";

/** Records of a partition, from `start` on and before `end`. */
export type OffsetRange = TopicPartition & { readonly start: number; readonly end: number };

/** What is appended to one partition. */
export type AppendedRecord = TopicPartition & {
  readonly key?: string | undefined;
  readonly value: string;
  readonly headers: readonly RecordHeader[];
};

/** Where dead letters are kept: read from any offset, as a member of no group, and appended to. */
export type DeadLetterLog = {
  /**
   * What there is now of each partition of these topics; topics that do not exist are left out.
   * @param since milliseconds since 1970: only records that are no older
   * @throws LogError
   */
  ranges(topics: readonly string[], since?: number): Promise<readonly OffsetRange[]>;
  /** The records of a range that are still kept, in their order; no more than one answer of the log is in memory. @throws LogError */
  records(range: OffsetRange): AsyncGenerator<ConsumerRecord>;
  /** Resolves once the record is stored. It may then be stored twice. @throws LogError */
  append(record: AppendedRecord): Promise<void>;
  close(): Promise<void>;
};

/** The log cannot be used. The message says what to do. */
export class LogError extends Error {
  override readonly name = "LogError";
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;

  constructor(message: string, { retryable, cause }: { readonly retryable: boolean; readonly cause?: unknown }) {
    super(message, { cause });
    this.retryable = retryable;
  }
}
