import type { PartitionLag } from "../protocol/link.ts";
import type { TopicPartition, TopicPartitionOffset } from "../protocol/topic-partition.ts";
import type { ConsumerRecord } from "../protocol/kafka-record.ts";

/** A record on its way to another topic. */
export type OutgoingRecord = Pick<ConsumerRecord, "topic" | "key" | "value" | "headers">;

/** Where requests come from, and where records go that leave their topic. Only {@link Source.produce} rejects when the connection is lost. */
export type Source = {
  readonly name: string;
  /** The consumer group that it is a member of. */
  readonly group: string;
  /**
   * Joins the group and resolves once it can read. Tries until it can, or the signal aborts.
   * @throws SourceError if somebody has to change the configuration first.
   */
  open(signal: AbortSignal, onRevoked: OnRevoked): Promise<void>;
  /**
   * All records from the committed offsets on, each partition in its order. A record may come again.
   * Reads on only when the next record is asked for; the membership in the group is kept meanwhile. Ends when the signal aborts.
   * @throws SourceError if another process has taken over this one's membership in the group.
   */
  records(signal: AbortSignal): AsyncIterable<ConsumerRecord>;
  /** Commits the offsets to read next, never an empty list. */
  commit(positions: readonly TopicPartitionOffset[]): Promise<CommitResult>;
  /** Leaves the partition out until it is resumed, or assigned anew: its records stay where they are. Absent where a source cannot. */
  pause?(partition: TopicPartition): void;
  resume?(partition: TopicPartition): void;
  /**
   * Produces to the topic that the record names.
   * @throws SourceError, `retryable` if the same may succeed later.
   */
  produce(record: OutgoingRecord): Promise<void>;
  /** How far its group is behind, of the partitions that this member has, where only the server knows: it is asked. Rejects if it does not say. */
  lag?(): Promise<readonly PartitionLag[]>;
  /** Leaves the group, so that others take over at once. */
  close(): Promise<void>;
};

/**
 * Partitions go to other members. Their records in flight are to be finished and committed first: the partitions are gone once the promise
 * resolves, or soon after the signal aborts. If the signal has aborted already, they are gone, and nothing can be committed for them. Sources
 * that do not learn it in advance never call this: they learn it from a commit.
 */
export type OnRevoked = (partitions: readonly TopicPartition[], signal: AbortSignal) => Promise<void>;

/** Told of all partitions that this member has, whenever that may have changed. A source that must ask the server for it may be late. */
export type OnAssigned = (partitions: readonly TopicPartition[]) => void;

/** What is committed now, and which partitions belong to another member. What is in neither list may be tried again. */
export type CommitResult = { readonly committed: readonly TopicPartitionOffset[]; readonly lost: readonly TopicPartition[] };

/** A source could not do what it was asked for. */
export class SourceError extends Error {
  override readonly name = "SourceError";
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;

  constructor(message: string, { retryable, cause }: { readonly retryable: boolean; readonly cause?: unknown }) {
    super(message, { cause });
    this.retryable = retryable;
  }
}
