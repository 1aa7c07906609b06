import type { GroupRequests } from "../../../kafka/group-requests.ts";
import type { LogOffsets } from "../../../kafka/log-offsets.ts";
import { type TopicPartition, topicPartitionKey } from "../../../protocol/topic-partition.ts";

/** The next offset to read of a partition. A partition that is assigned again gets another object. */
export type Position = TopicPartition & {
  next: number;
  /** Nothing is read there for now. */
  isPaused?: boolean;
};

/** Finds where a group goes on. Nothing is repeated: each call is one attempt. */
type Positions = {
  /** At what the group committed, else at the beginning. */
  resume(partitions: readonly TopicPartition[]): Promise<Position[]>;
  /** The first offset that is still there. */
  beginning(partition: TopicPartition): Promise<number>;
};

export const createPositions = (group: string, groups: GroupRequests, logOffsets: LogOffsets): Positions => {
  const beginnings = async (partitions: readonly TopicPartition[]) => (partitions.length === 0 ? [] : logOffsets("earliest", partitions));

  return {
    async resume(partitions) {
      const committed = await groups.committed(group, partitions);
      const known = new Set(committed.map(topicPartitionKey));
      const others = await beginnings(partitions.filter((partition) => !known.has(topicPartitionKey(partition))));
      return [...committed, ...others].map(({ topic, partition, offset }) => ({ topic, partition, next: offset }));
    },
    async beginning(partition) {
      const [found] = await beginnings([partition]);
      return found?.offset ?? 0;
    },
  };
};
