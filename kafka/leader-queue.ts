import { MAX_PARTITION_BATCH_BYTES } from "../protocol/limits.ts";
import { partitionName, type PendingRecord } from "./pending-record.ts";

/** The records for one leader. They collect while as many sends as allowed are in flight. */
export type LeaderQueue = {
  /** Sends what it can at once. */
  add(records: readonly PendingRecord[]): void;
  /** Of the leader. */
  readonly address: string;
  /** Whether records that are added now wait for earlier ones. */
  isBusy(): boolean;
  /** Whether records of a partition wait. */
  holds(topic: string, partition: number): boolean;
};

/** A connection keeps the order of its requests, so several sends at once do not change the order within a partition. */
const MAX_SENDS_IN_FLIGHT = 4;
const MAX_SEND_BYTES = 4 * 1024 * 1024;
const MAX_SEND_RECORDS = 5_000;
/** The time of a record is relative to that of the first one in its batch. From this difference on, 25 days, the library gets it wrong. */
const MAX_SPREAD_MS = 2 ** 31 - 1;

/** @param send never rejects */
export const createLeaderQueue = (address: string, send: (records: readonly PendingRecord[]) => Promise<void>): LeaderQueue => {
  let waiting: PendingRecord[] = [];
  let inFlight = 0;

  const pump = (): void => {
    while (inFlight < MAX_SENDS_IN_FLIGHT) {
      // Records whose deadline has passed have failed as not sent.
      waiting = waiting.filter(({ settled }) => !settled);
      if (waiting.length === 0) return;
      const { batch, rest } = takeBatch(waiting);
      waiting = rest;
      inFlight += 1;
      void send(batch).then(() => {
        inFlight -= 1;
        pump();
      });
    }
  };

  return {
    address,
    isBusy: () => inFlight >= MAX_SENDS_IN_FLIGHT,
    holds: (topic, partition) => waiting.some((pending) => pending.partition === partition && pending.record.topic === topic),
    add(records) {
      for (const pending of records) waiting.push(pending);
      pump();
    },
  };
};

/**
 * As many as one send takes, but one at least. What no longer fits its partition's batch waits for the next send, and so does
 * everything of its partition behind it.
 */
export const takeBatch = (waiting: readonly PendingRecord[]): { batch: readonly PendingRecord[]; rest: PendingRecord[] } => {
  const batch: PendingRecord[] = [];
  const rest: PendingRecord[] = [];
  const partitions = new Map<string, { bytes: number; full: boolean; readonly firstMs: number }>();
  let bytes = 0;
  for (const [index, pending] of waiting.entries()) {
    if (batch.length > 0 && (batch.length >= MAX_SEND_RECORDS || bytes + pending.bytes > MAX_SEND_BYTES)) {
      return { batch, rest: rest.concat(waiting.slice(index)) };
    }
    const name = partitionName(pending);
    const partition = partitions.get(name) ?? { bytes: 0, full: false, firstMs: pending.timestampMs };
    partitions.set(name, partition);
    const joins =
      !pending.alone &&
      partition.bytes + pending.bytes <= MAX_PARTITION_BATCH_BYTES &&
      Math.abs(pending.timestampMs - partition.firstMs) <= MAX_SPREAD_MS;
    if (partition.full || (partition.bytes > 0 && !joins)) {
      partition.full = true;
      rest.push(pending);
      continue;
    }
    partition.bytes += pending.bytes;
    partition.full = pending.alone;
    bytes += pending.bytes;
    batch.push(pending);
  }
  return { batch, rest };
};
