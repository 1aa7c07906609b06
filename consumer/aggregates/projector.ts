import type { DatabaseSync } from "node:sqlite";
import type { Commit } from "../../protocol/commit-record.ts";
import type { EventLog } from "../events/event-log.ts";

/** A commit that counts, where it is, and the version that its aggregate has with it. */
export type CountedCommit = {
  readonly commit: Commit;
  readonly offset: number;
  readonly version: number;
};

/** A partition of events, as it is opened for whoever makes something of them. */
export type ProjectedPartition = {
  /** The name of the aggregate in the contract. */
  readonly aggregate: string;
  readonly topic: string;
  readonly partition: number;
  /** How many partitions the topic has. */
  readonly partitions: number;
  readonly log: EventLog;
  /** The file of the partition. Tables of projectors begin with `view_`. */
  readonly database: DatabaseSync;
  /** Runs all writes, or none. Never within a {@link PartitionProjector.fold}. */
  transact<Result>(run: () => Result): Result;
  /** Tells that a transaction wrote about so many rows, beside what the writer itself does: its write-ahead log is emptied by that. */
  wrote(rows: number): void;
  /** The offset that the state of the aggregates goes on from. */
  readonly next: number;
};

/** Makes something of the commits of all partitions that this process has. */
export type Projector = { open(partition: ProjectedPartition): PartitionProjector };

/** The same for one partition. What it needs from before `next` it reads itself, beside. */
export type PartitionProjector = {
  /** Takes commits that count, in order, within the transaction that takes the state behind them. @throws EventError: the partition stops */
  fold(commits: readonly CountedCommit[], next: number): void;
  /** That transaction has ended. The generation is that of the partition; `isCaughtUp`: `next` was the end of the partition when it was read. */
  committed(now: { readonly next: number; readonly generation: string; readonly isCaughtUp: boolean }): void;
  /** The partition goes to another process, or this one ends. */
  close(): Promise<void>;
};
