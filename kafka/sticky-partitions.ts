import { MAX_PARTITION_BATCH_BYTES } from "../protocol/limits.ts";
import { createTurns } from "./turns.ts";
import type { PendingRecord } from "./pending-record.ts";

/** What the partitions of a topic are like at this moment. */
export type Outlook = {
  readonly partitions: number;
  /** `free`: its leader takes records at once. `busy`: they wait for earlier ones. */
  stateOf(partition: number): "free" | "busy" | "leaderless";
  /** Whether records of the partition wait to be sent. */
  isGathering(partition: number): boolean;
};

const RANKS = { free: 0, busy: 1, leaderless: 2 } as const;

/**
 * Gives records without keys their partitions, so that those which are sent together are one batch. A batch that is sent, or full, is
 * followed by one for another partition. A leader that is slow, or hangs, gets no more than it takes while others are free.
 * @param random from 0 to below 1
 */
export const createStickyPartitions = (random?: () => number) => {
  const turn = createTurns(random);
  const batches = new Map<string, { readonly partition: number; bytes: number }>();

  /** @param records of one topic, which come together */
  return (topic: string, records: readonly PendingRecord[], { partitions, stateOf, isGathering }: Outlook): void => {
    const rank = (partition: number): number => RANKS[stateOf(partition)];
    const isOpen = (partition: number): boolean =>
      stateOf(partition) === "busy" && isGathering(partition) && !Array.from({ length: partitions }).some((_, other) => rank(other) === 0);
    let batch = batches.get(topic);
    if (batch !== undefined && !isOpen(batch.partition)) batch = undefined;
    for (const pending of records) {
      if (batch === undefined || (batch.bytes > 0 && batch.bytes + pending.bytes > MAX_PARTITION_BATCH_BYTES))
        batches.set(topic, (batch = { partition: turn(topic, partitions, rank), bytes: 0 }));
      batch.bytes += pending.bytes;
      pending.partition = batch.partition;
    }
  };
};
