import { AppendError, type EventLog, type NewEventRecord, TrimmedError } from "../../../consumer/events/event-log.ts";
import type { ConsumerRecord } from "../../../protocol/kafka-record.ts";
import { type TopicPartition, topicPartitionKey } from "../../../protocol/topic-partition.ts";

/** What a test has happen to an append: the answer gets lost before or after the records are stored, or they are never taken. */
export type AppendFault = "unavailable" | "lost-before" | "lost-after" | "rejected" | undefined;

/** A log in memory: all topics have as many partitions. */
export type MemoryLog = EventLog & {
  records(partition: TopicPartition): readonly ConsumerRecord[];
  /** All records of a topic. */
  all(topic: string): readonly ConsumerRecord[];
  store(to: TopicPartition, records: readonly NewEventRecord[], timestamp?: number): readonly number[];
  /** Records before that offset are gone. */
  trim(partition: TopicPartition, first: number): void;
  /** Everything is gone, as if the log was made anew. */
  wipe(): void;
  /** What becomes of the appends from now on. */
  fault: (to: TopicPartition) => AppendFault;
  /** How often something was appended. */
  readonly appends: number;
};

export const createMemoryLog = (partitions = 1): MemoryLog => {
  const logs = new Map<string, ConsumerRecord[]>();
  const firsts = new Map<string, number>();
  const of = (partition: TopicPartition): ConsumerRecord[] => {
    const key = topicPartitionKey(partition);
    const known = logs.get(key) ?? [];
    logs.set(key, known);
    return known;
  };
  const firstOf = (partition: TopicPartition): number => firsts.get(topicPartitionKey(partition)) ?? 0;
  let appends = 0;

  const log: MemoryLog = {
    name: "memory",
    get appends() {
      return appends;
    },
    fault: () => undefined,
    records: of,
    all: (topic) => Array.from({ length: partitions }, (_, partition) => of({ topic, partition })).flat(),
    store: ({ topic, partition }, records, timestamp = 0) =>
      records.map(({ key = null, value, headers }) => {
        const stored = of({ topic, partition });
        stored.push({ topic, partition, offset: stored.length, timestamp, key, value, headers });
        return stored.length - 1;
      }),
    trim: (partition, first) => void firsts.set(topicPartitionKey(partition), first),
    wipe: () => logs.clear(),
    partitions: async (topics) => new Map(topics.map((topic) => [topic, partitions])),
    faults: async () => [],
    ends: async (partition) => ({ first: firstOf(partition), end: of(partition).length }),
    async append(to, records) {
      appends += 1;
      const fault = log.fault(to);
      if (fault === "unavailable") throw new AppendError("unavailable", "Nobody is there.");
      if (fault === "lost-before") throw new AppendError("unknown", "The answer got lost.");
      if (fault === "rejected") throw new AppendError("rejected", "It is too large.");
      const offsets = log.store(to, records);
      if (fault === "lost-after") throw new AppendError("unknown", "The answer got lost.");
      return offsets;
    },
    async read({ topic, partition, offset }) {
      if (offset < firstOf({ topic, partition })) throw new TrimmedError(`Records from ${offset} on were deleted.`);
      const stored = of({ topic, partition });
      // In small pieces, as logs give them.
      const records = stored.slice(offset, offset + 3);
      return { records, next: offset + records.length, end: stored.length };
    },
    async close() {},
  };
  return log;
};
