import { createTurns } from "../../kafka/turns.ts";
import { partitionOfKey } from "../../protocol/partitioner.ts";
import type { NewRecord } from "../engine.ts";
import { findPartition, type Partition, type Topics } from "./partition.ts";

/**
 * Chooses partitions as Kafka does: the one that is named, else by the key; records that have neither share a partition with all others of
 * their batch. The topics exist.
 */
export const createPartitioner = (topics: Topics) => {
  // Nobody else produces to this log: it begins with partition 0.
  const turn = createTurns(() => 0);

  /** A function for the records of one batch. */
  return (): ((record: NewRecord) => Partition) => {
    const shared = new Map<string, number>();
    return ({ topic, partition, key }) => {
      if (partition !== undefined) return findPartition(topics, { topic, partition });
      const count = topics.get(topic)?.length ?? 0;
      if (key !== undefined) return findPartition(topics, { topic, partition: partitionOfKey(Buffer.from(key), count) });
      const chosen = shared.get(topic) ?? turn(topic, count);
      shared.set(topic, chosen);
      return findPartition(topics, { topic, partition: chosen });
    };
  };
};
