import type { Log } from "../../environment/log.ts";
import type { Time } from "../../environment/time.ts";
import type { TopicPartition } from "../../protocol/topic-partition.ts";
import type { AggregateRuntime } from "../deciders/aggregate-runtime.ts";
import type { EventLog } from "../events/event-log.ts";
import { findStateFile, removeBrokenFile } from "./partition-check.ts";
import { createPartitionState, type PartitionState } from "./partition-state.ts";
import type { PartitionProjector, Projector } from "./projector.ts";
import type { StateFile } from "./state-file.ts";

export type OpenedStateOptions = {
  /** The name of the aggregate in the contract. */
  readonly aggregate: string;
  readonly runtime: AggregateRuntime<unknown>;
  /** See `decider-hash.ts`. */
  readonly hash: string;
  /** What the hash has at its end; asked when the states are opened. Absent: nothing. */
  readonly epoch?: (() => string) | undefined;
  /** Of the event topic. */
  readonly of: TopicPartition;
  /** How many the topic has. */
  readonly partitions: number;
  readonly eventLog: EventLog;
  readonly projector: Projector | undefined;
  /** For the state file of this partition alone. */
  readonly folder: string;
  readonly log: Log;
  readonly time: Time;
  readonly signal: AbortSignal;
};

/** The state file of a partition, opened when it is needed, with what makes views of it. */
export type OpenedState = {
  /** Absent while it is closed. */
  readonly state: PartitionState | undefined;
  readonly projecting: PartitionProjector | undefined;
  /** @throws as `findStateFile` does */
  open(): Promise<PartitionState>;
  close(): Promise<void>;
  /** Closes it, and removes the file, which is broken by that. */
  discard(cause: unknown): Promise<void>;
};

export const createOpenedState = (options: OpenedStateOptions): OpenedState => {
  const { aggregate, runtime, hash, epoch, of, partitions, eventLog, projector, folder, log, time, signal } = options;
  let opened: { readonly file: StateFile; readonly state: PartitionState; readonly projecting: PartitionProjector | undefined } | undefined;

  const close = async (): Promise<void> => {
    const { projecting, file } = opened ?? {};
    opened = undefined;
    try {
      await projecting?.close();
    } finally {
      await file?.close();
    }
  };

  return {
    get state() {
      return opened?.state;
    },
    get projecting() {
      return opened?.projecting;
    },
    async open() {
      if (opened !== undefined) return opened.state;
      const { file, meta } = await findStateFile({ folder, of: { ...of, partitions, hash: hash + (epoch?.() ?? "") }, log, time, signal });
      const { database, transact, wrote } = file;
      let projecting: PartitionProjector | undefined;
      try {
        projecting = projector?.open({ aggregate, ...of, partitions, log: eventLog, database, transact, wrote, next: meta.next });
      } catch (error) {
        await file.close();
        throw error;
      }
      const state = createPartitionState({ runtime, file, meta, projector: projecting });
      opened = { file, state, projecting };
      return state;
    },
    close,
    async discard(cause) {
      await close();
      removeBrokenFile({ folder, of, log }, cause);
    },
  };
};
