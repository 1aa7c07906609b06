import { MAX_PARTITION_BATCH_BYTES } from "../../../protocol/limits.ts";
import { partitionOfKey } from "../../../protocol/partitioner.ts";
import type { Metadata } from "./metadata.ts";
import type { PendingRecord, Queue } from "./pending-record.ts";

/** A partition, and the records whose key leads there. */
export type Partition = Queue & {
  readonly index: number;
  /** host:port of the broker that leads it; undefined if nobody does, or as long as it is not known who does. */
  leader: string | undefined;
  /** Whether a batch is under way. */
  isBusy: boolean;
};

/** A topic that is produced to. */
export type Topic = {
  readonly name: string;
  /** Empty until the cluster has described the topic. */
  readonly partitions: Partition[];
  /** The partitions for which records wait. */
  readonly waiting: Set<Partition>;
  /** The records without a key. */
  readonly keyless: Queue;
  /** The records that wait for the topic to be described. */
  unrouted: PendingRecord[];
  /** The most bytes of a batch: less once the topic has refused as much. */
  maxBatchBytes: number;
  /** How often in a row the cluster did not know the topic. */
  timesMissing: number;
  /** When it was described, in milliseconds since 1970. */
  describedAt: number;
  /** The partition from which the next one for records without a key is looked for. */
  turn: number;
};

export const createTopic = (name: string): Topic => ({
  name,
  partitions: [],
  waiting: new Set(),
  keyless: { pending: [] },
  unrouted: [],
  maxBatchBytes: MAX_PARTITION_BATCH_BYTES,
  timesMissing: 0,
  describedAt: 0,
  turn: 0,
});

/** Takes over who leads the partitions of a topic. */
export const describeTopic = (topic: Topic, leaders: readonly number[], brokers: Metadata["brokers"], now: number): void => {
  const { partitions } = topic;
  for (const gone of partitions.splice(leaders.length)) {
    topic.unrouted.push(...gone.pending);
    topic.waiting.delete(gone);
  }
  for (const [index, leader] of leaders.entries()) {
    const partition = (partitions[index] ??= { index, leader: undefined, isBusy: false, pending: [] });
    partition.leader = brokers.get(leader);
  }
  topic.describedAt = now;
  topic.timesMissing = 0;
  topic.maxBatchBytes = MAX_PARTITION_BATCH_BYTES;
  const records = topic.unrouted;
  topic.unrouted = [];
  for (const pending of records) route(topic, pending);
};

const encoder = new TextEncoder();

/** Has a record wait for its partition, or for the topic to be described. */
export const route = (topic: Topic, pending: PendingRecord): void => {
  const { partitions, keyless, unrouted, waiting } = topic;
  const { key } = pending.record;
  if (partitions.length === 0) unrouted.push(pending);
  else if (key === undefined) keyless.pending.push(pending);
  else {
    const partition = partitions[partitionOfKey(encoder.encode(key), partitions.length)] as Partition;
    partition.pending.push(pending);
    waiting.add(partition);
  }
};

/** Forgets the records whose deadline has passed while they waited: nothing is to be done for them. */
export const dropSettled = (topic: Topic): void => {
  const { keyless, waiting } = topic;
  const isOpen = ({ isSettled }: PendingRecord): boolean => !isSettled;
  for (const partition of waiting) {
    partition.pending = partition.pending.filter(isOpen);
    if (partition.pending.length === 0) waiting.delete(partition);
  }
  keyless.pending = keyless.pending.filter(isOpen);
  topic.unrouted = topic.unrouted.filter(isOpen);
};

/** All records of a topic that wait. Nothing of them is stored. */
export const takeWaiting = ({ waiting, keyless, ...topic }: Topic): PendingRecord[] => {
  const queues = [...waiting, keyless];
  waiting.clear();
  return [...topic.unrouted.splice(0), ...queues.flatMap(({ pending }) => pending.splice(0))];
};
