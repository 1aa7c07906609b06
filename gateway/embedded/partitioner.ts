import { partitionOfKey } from "../../kafka/partitioner.ts";
import type { NewRecord } from "../engine.ts";
import { findPartition, type Partition, type Topics } from "./partition.ts";

/** Chooses partitions as Kafka does: the one that is named, else by the key, else each in turn. The topic exists. */
export const createPartitioner = (topics: Topics): ((record: NewRecord) => Partition) => {
  const turns = new Map<string, number>();
  return ({ topic, partition, key }) => {
    if (partition !== undefined) return findPartition(topics, { topic, partition });
    const count = topics.get(topic)?.length ?? 0;
    if (key !== undefined) return findPartition(topics, { topic, partition: partitionOfKey(Buffer.from(key), count) });
    const turn = turns.get(topic) ?? 0;
    turns.set(topic, turn + 1);
    return findPartition(topics, { topic, partition: turn % count });
  };
};
