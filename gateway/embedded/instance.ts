import type { InstanceOptions, StoredRecord } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import type { LogFile, Room } from "./log-file.ts";
import { type Partition, startOf } from "./partition.ts";
import type { Wait } from "./wait.ts";

/** How far an instance has read a partition that it owns. Made anew each time that it comes to own it. */
export type Position = {
  /** The next offset to be handed out; unknown where there is no commit and no reset is allowed. */
  next: number | undefined;
  /** The offset after the last record that certainly reached the instance; undefined if none did. */
  delivered: number | undefined;
};

/** A consumer instance: what it subscribes to, owns, and has read. */
export type Instance = {
  readonly name: string;
  readonly options: InstanceOptions;
  topics: ReadonlySet<string>;
  readonly positions: Map<Partition, Position>;
  /** The consume that is waiting or being answered. */
  consuming: Consuming | undefined;
  /** When it was last heard of, in ms. */
  seenAt: number;
  readonly timers: Map<string, unknown>;
};

export type Consuming = { readonly wait: Wait; waiting: boolean };

/** What a batch took of a partition, so that it can be put back. */
export type Taken = { readonly position: Position; readonly from: number; readonly to: number };

export type Taking = { readonly records: readonly StoredRecord[]; readonly taken: readonly Taken[] };

/**
 * Takes the next records of all that the instance owns. Begins each time with another partition, so that a busy one starves no other.
 * Where records went that need not be kept, it goes on with the first that is there.
 * @throws GatewayError 400 where there is no commit to begin at, or records went, and no reset is allowed.
 */
export const takeRecords = (instance: Instance, log: LogFile, room: Room): Taking => {
  for (const [partition, { next }] of instance.positions) requireBeginning(instance, partition, next);
  const records: StoredRecord[] = [];
  const taken: Taken[] = [];
  try {
    for (const [partition, position] of instance.positions) {
      const from = position.next as number;
      const read = log.read(partition, from, room);
      const last = read.at(-1);
      if (last === undefined) continue;
      position.next = last.offset + 1;
      taken.push({ position, from, to: position.next });
      records.push(...read);
    }
  } catch (error) {
    settleTaken(taken, false);
    throw error;
  }
  rotate(instance.positions);
  return { records, taken };
};

const requireBeginning = ({ options }: Instance, partition: Partition, next: number | undefined): void => {
  const missing = next === undefined ? "There is no committed offset" : "The next record is no longer kept";
  if (next === undefined || (next < startOf(partition) && options.autoOffsetReset === "none"))
    throw new GatewayError(
      400,
      `${missing} for partition ${partition.partition} of ${JSON.stringify(partition.topic)}, and Kafka-Auto-Offset-Reset is none: commit an offset to begin at.`,
    );
};

const rotate = (positions: Map<Partition, Position>): void => {
  for (const [partition, position] of positions) {
    positions.delete(partition);
    positions.set(partition, position);
    return;
  }
};

/** The records reached the instance, or they did not and come again. */
export const settleTaken = (taken: readonly Taken[], written: boolean): void => {
  for (const { position, from, to } of taken) {
    if (written) position.delivered = to;
    else position.next = from;
  }
};

/** What an instance has been given and its group has not committed. */
export const uncommitted = (instance: Instance, committed: (partition: Partition) => number | undefined): Map<Partition, number> => {
  const offsets = new Map<Partition, number>();
  for (const [partition, { delivered }] of instance.positions)
    if (delivered !== undefined && delivered !== committed(partition)) offsets.set(partition, delivered);
  return offsets;
};
