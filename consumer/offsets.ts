import { type TopicPartition, topicPartitionKey, type TopicPartitionOffset } from "../protocol/topic-partition.ts";

/** Which records were taken and which of them are finished, so that only what is done is committed. */
export type Offsets = {
  /** Whether a record is new. False if it is in flight or finished already, as after a redelivery. */
  take(position: TopicPartitionOffset): boolean;
  /** Whether the record is in flight, of a partition that was not forgotten, and no earlier one of it was left. */
  holds(position: TopicPartitionOffset): boolean;
  /** The record is left to whoever consumes the partition next, and so are all behind it: they could not be committed, and would overtake it. */
  leave(position: TopicPartitionOffset): void;
  /** The record is done: its reply is delivered. Nothing happens if its partition was forgotten meanwhile. */
  finish(position: TopicPartitionOffset): void;
  /** For each partition that moved since the last {@link Offsets.committed}: the offset after its last contiguous finished record. */
  committable(): TopicPartitionOffset[];
  /** These positions are committed. */
  committed(positions: readonly TopicPartitionOffset[]): void;
  /** The partition belongs to another member now. */
  forget(partition: TopicPartition): void;
};

type Progress = TopicPartition & {
  /** Everything below is finished. */
  next: number;
  committed: number;
  /** Offsets from `next` on that were taken, ascending, from index `head`. */
  readonly taken: number[];
  head: number;
  readonly finished: Set<number>;
  /** From here on, what has not begun never does. */
  leftFrom: number;
};

/** Starts without partitions. A partition is known from its first record on. */
export const createOffsets = (): Offsets => {
  const partitions = new Map<string, Progress>();
  const find = ({ topic, partition }: TopicPartition): Progress | undefined => partitions.get(topicPartitionKey({ topic, partition }));

  return {
    take(position) {
      let progress = find(position);
      if (progress === undefined) {
        const { topic, partition, offset } = position;
        progress = {
          topic,
          partition,
          next: offset,
          committed: offset,
          taken: [],
          head: 0,
          finished: new Set(),
          leftFrom: Number.POSITIVE_INFINITY,
        };
        partitions.set(topicPartitionKey(position), progress);
      }
      return position.offset >= progress.next && insert(progress, position.offset);
    },
    holds(position) {
      const progress = find(position);
      if (progress === undefined || position.offset >= progress.leftFrom) return false;
      return indexOf(progress, position.offset) !== undefined && !progress.finished.has(position.offset);
    },
    leave(position) {
      const progress = find(position);
      if (progress !== undefined) progress.leftFrom = Math.min(progress.leftFrom, position.offset);
    },
    finish(position) {
      const progress = find(position);
      if (progress === undefined || indexOf(progress, position.offset) === undefined) return;
      progress.finished.add(position.offset);
      advance(progress);
    },
    committable: () =>
      [...partitions.values()]
        .filter(({ next, committed }) => next > committed)
        .map(({ topic, partition, next }) => ({ topic, partition, offset: next })),
    committed(positions) {
      for (const position of positions) {
        const progress = find(position);
        if (progress !== undefined && position.offset > progress.committed) progress.committed = position.offset;
      }
    },
    forget(partition) {
      partitions.delete(topicPartitionKey(partition));
    },
  };
};

const advance = (progress: Progress): void => {
  const { taken, finished } = progress;
  for (let offset = taken[progress.head]; offset !== undefined && finished.delete(offset); offset = taken[progress.head]) {
    progress.next = offset + 1;
    progress.head += 1;
  }
  // Removed in large pieces: shifting one by one would move the whole array each time.
  if (progress.head > 1_000 && progress.head * 2 > taken.length) {
    taken.splice(0, progress.head);
    progress.head = 0;
  }
};

const insert = ({ taken, head }: Progress, offset: number): boolean => {
  const last = taken.length > head ? taken[taken.length - 1] : undefined;
  if (last === undefined || offset > last) {
    taken.push(offset);
    return true;
  }
  const index = lowerBound(taken, head, offset);
  if (taken[index] === offset) return false;
  taken.splice(index, 0, offset);
  return true;
};

const indexOf = ({ taken, head }: Progress, offset: number): number | undefined => {
  const index = lowerBound(taken, head, offset);
  return taken[index] === offset ? index : undefined;
};

const lowerBound = (ascending: readonly number[], from: number, value: number): number => {
  let low = from;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
};
