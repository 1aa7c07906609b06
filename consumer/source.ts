import type { TopicPartition, TopicPartitionOffset } from "../protocol/topic-partition.ts";
import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import type { DeadLetter } from "./dead-letter-publisher.ts";

/** Where requests come from, and where dead letters go. No method but {@link Source.produce} rejects for want of a connection. */
export type Source = {
  readonly name: string;
  /**
   * Joins the group and resolves once it can read; tries until it can, or the signal aborts.
   * @throws SourceError if somebody has to change the configuration first.
   */
  open(signal: AbortSignal, onRevoked: OnRevoked): Promise<void>;
  /**
   * Records from the committed positions on, none left out, in the order of a partition. A record may come again.
   * Reading on happens only when the next one is asked for; until then the place in the group is kept. Ends when the signal aborts.
   * @throws SourceError if another process has taken this one's place in the group.
   */
  records(signal: AbortSignal): AsyncIterable<ConsumerRecord>;
  /** Commits the offsets to read next, never an empty list. */
  commit(positions: readonly TopicPartitionOffset[]): Promise<CommitResult>;
  /**
   * Appends to the topic that the dead letter names.
   * @throws SourceError, `retryable` if the same may succeed later.
   */
  produce(letter: DeadLetter): Promise<void>;
  /** Leaves the group, so that others take over at once. */
  close(): Promise<void>;
};

/**
 * Partitions go to other members. What was taken of them is to be finished and committed; they are gone once the promise resolves, or soon
 * after the signal aborts. If it has aborted already they are gone, and nothing can be committed for them. Sources that are not told
 * before never call it: a commit says it then.
 */
export type OnRevoked = (partitions: readonly TopicPartition[], signal: AbortSignal) => Promise<void>;

/** What is now committed, and which partitions belong to somebody else. What is in neither list may be tried again. */
export type CommitResult = { readonly committed: readonly TopicPartitionOffset[]; readonly lost: readonly TopicPartition[] };

/** A source could not do what it was asked to. */
export class SourceError extends Error {
  override readonly name = "SourceError";
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;

  constructor(message: string, { retryable, cause }: { readonly retryable: boolean; readonly cause?: unknown }) {
    super(message, { cause });
    this.retryable = retryable;
  }
}
