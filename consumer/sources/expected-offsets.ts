import { type TopicPartition, topicPartitionKey, type TopicPartitionOffset } from "../../protocol/topic-partition.ts";

/**
 * The offset that each partition should go on with. A record beyond it means that an answer was lost on its way: the server's
 * position has moved past records that never arrived.
 */
type ExpectedOffsets = {
  /** The partitions whose records do not start where expected, or that are unknown: look up their commits. */
  unsure(records: readonly TopicPartitionOffset[]): TopicPartition[];
  /** The partition goes on no earlier than at what is committed; if nothing is, at 0. */
  resume(partition: TopicPartition, committed: number | undefined): void;
  /** Where the gap before a record begins, or undefined if there is none. */
  gapBefore(position: TopicPartitionOffset): number | undefined;
  /** The record was handed on. */
  pass(position: TopicPartitionOffset): void;
  forget(partition: TopicPartition): void;
};

/** Starts without any partition. */
export const createExpectedOffsets = (): ExpectedOffsets => {
  const expected = new Map<string, number>();
  return {
    unsure(records) {
      const next = new Map<string, number>();
      const partitions = new Map<string, TopicPartition>();
      for (const { topic, partition, offset } of records) {
        const key = topicPartitionKey({ topic, partition });
        const from = next.get(key) ?? expected.get(key);
        if (from === undefined || offset > from) partitions.set(key, { topic, partition });
        next.set(key, Math.max(from ?? 0, offset + 1));
      }
      return [...partitions.values()];
    },
    resume(partition, committed) {
      const key = topicPartitionKey(partition);
      expected.set(key, Math.max(expected.get(key) ?? 0, committed ?? 0));
    },
    gapBefore(position) {
      const from = expected.get(topicPartitionKey(position));
      return from !== undefined && from < position.offset ? from : undefined;
    },
    pass(position) {
      const key = topicPartitionKey(position);
      expected.set(key, Math.max(expected.get(key) ?? 0, position.offset + 1));
    },
    forget(partition) {
      expected.delete(topicPartitionKey(partition));
    },
  };
};
