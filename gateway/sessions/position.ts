import { type TopicPartition, type TopicPartitionOffset, topicPartitionKey } from "../../protocol/topic-partition.ts";
import type { StoredRecord } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";

/** How far an instance has read a partition that it owns. Made anew when somebody else may have owned the partition meanwhile. */
export type Position = TopicPartition & {
  /** Where reading began; undefined where there is no commit and no reset is allowed. */
  readonly began: number | undefined;
  /** The next offset to be handed out; undefined as long as there is no beginning. */
  next: number | undefined;
  /** The offset after the last record that certainly reached the instance; undefined if none did. */
  delivered: number | undefined;
  /** Where the group resumes, as far as the instance knows; undefined without a commit. */
  committed: number | undefined;
  /** The partition's end at the last read, where reading tells it. */
  end: number | undefined;
};

/** By `topicPartitionKey`, in the order in which they are read next. */
export type Positions = Map<string, Position>;

/** @param offset where to begin @param committed where the group resumes */
export const createPosition = ({ topic, partition }: TopicPartition, offset: number | undefined, committed?: number): Position => ({
  topic,
  partition,
  began: offset,
  next: offset,
  delivered: undefined,
  committed,
  end: undefined,
});

/** What a consume took from a partition, so that it can be put back. */
export type Taken = { readonly position: Position; readonly from: number; readonly to: number };

/** Records for one consume, and where they were taken from. */
export type Taking = { readonly records: readonly StoredRecord[]; readonly taken: readonly Taken[] };

export const NOTHING: Taking = { records: [], taken: [] };

/** Notes that records reached the instance, or puts them back. */
export const settleTaken = (taken: readonly Taken[], written: boolean): void => {
  if (written) for (const { position, to } of taken) position.delivered = to;
  // If more than one read took from a partition, the first one counts.
  else for (const { position, from } of taken.toReversed()) position.next = from;
};

/** The next read begins with another partition, so that a busy one starves no other. */
export const rotate = (positions: Positions): void => {
  for (const [key, position] of positions) {
    positions.delete(key);
    positions.set(key, position);
    return;
  }
};

/** @throws GatewayError 400 where there is no commit to begin at, and no reset is allowed */
export const requireBeginnings = (positions: Positions): void => {
  for (const position of positions.values()) if (position.next === undefined) throw noBeginning("There is no committed offset", position);
};

/** The next record of a partition was removed, and no reset is allowed. */
export const nextRecordRemoved = (partition: TopicPartition): GatewayError => noBeginning("The next record is no longer kept", partition);

const noBeginning = (missing: string, { topic, partition }: TopicPartition): GatewayError =>
  new GatewayError(
    400,
    `${missing} for partition ${partition} of ${JSON.stringify(topic)}, and Kafka-Auto-Offset-Reset is none: commit an offset to begin at.`,
  );

/** What was delivered and is not committed. */
export const deliveredOffsets = (positions: Positions): readonly TopicPartitionOffset[] =>
  uncommitted(positions, ({ delivered }) => delivered);

/**
 * What auto-commit stores: what was delivered, and where reading began if the group has no commit there yet. Without the second, a
 * group that begins at the end and is killed before its first record would skip what came meanwhile.
 */
export const resumeOffsets = (positions: Positions): readonly TopicPartitionOffset[] =>
  uncommitted(positions, ({ delivered, began, committed }) => delivered ?? (committed === undefined ? began : undefined));

const uncommitted = (positions: Positions, read: (position: Position) => number | undefined): readonly TopicPartitionOffset[] =>
  [...positions.values()].flatMap((position) => {
    const offset = read(position);
    return offset === undefined || offset === position.committed ? [] : [{ topic: position.topic, partition: position.partition, offset }];
  });

/** Remembers what was committed, so that it is not committed again and again; where there was no beginning, there is one now. */
export const noteCommitted = (positions: Positions, offsets: readonly TopicPartitionOffset[]): void => {
  for (const at of offsets) {
    const position = positions.get(topicPartitionKey(at));
    if (position === undefined) continue;
    position.committed = at.offset;
    position.next ??= at.offset;
  }
};
