import type { PartitionLag } from "../../protocol/link.ts";
import { type TopicPartition, topicPartitionKey } from "../../protocol/topic-partition.ts";
import type { ConsumerObserver } from "./observer.ts";

/** How far a consumer is behind, by what its source says of the partitions that it reads. */
export type Lag = Pick<ConsumerObserver, "read" | "committed" | "revoked"> & {
  /** The records after the committed offset, of each partition whose end is known. */
  list(): readonly PartitionLag[];
};

/** A partition that is read: where the group is, and where the log ends. */
type Progress = TopicPartition & { committed: number; end: number };

export const createLag = (): Lag => {
  const partitions = new Map<string, Progress>();
  return {
    read({ topic, partition, offset, end }) {
      const key = topicPartitionKey({ topic, partition });
      const progress = partitions.get(key);
      if (progress === undefined) partitions.set(key, { topic, partition, committed: offset, end });
      else progress.end = end;
    },
    committed(positions) {
      for (const position of positions) {
        const progress = partitions.get(topicPartitionKey(position));
        if (progress !== undefined) progress.committed = Math.max(progress.committed, position.offset);
      }
    },
    revoked(gone) {
      for (const partition of gone) partitions.delete(topicPartitionKey(partition));
    },
    list: () =>
      [...partitions.values()].map(({ topic, partition, committed, end }) => ({ topic, partition, lag: Math.max(0, end - committed) })),
  };
};

/** Tells a {@link Lag}, too, what it needs of all that an observer is told. */
export const observeLag = (observer: ConsumerObserver, lag: Lag): ConsumerObserver => ({
  ...observer,
  read(position) {
    lag.read(position);
    observer.read(position);
  },
  committed(positions) {
    lag.committed(positions);
    observer.committed(positions);
  },
  revoked(partitions) {
    lag.revoked(partitions);
    observer.revoked(partitions);
  },
});
