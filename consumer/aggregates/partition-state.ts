import { isNextCommit } from "../../protocol/commit-fold.ts";
import { type Commit, decodeCommit, findCommitLink } from "../../protocol/commit-record.ts";
import { RejoinderError } from "../../protocol/errors.ts";
import type { ConsumerRecord } from "../../protocol/kafka-record.ts";
import { partitionOfKey } from "../../protocol/partitioner.ts";
import { generationOf } from "../../protocol/position.ts";
import { type AggregateRuntime, type AggregateState, REMEMBERED_COMMANDS } from "../deciders/aggregate-runtime.ts";
import { createLru } from "./lru.ts";
import type { CountedCommit, PartitionProjector } from "./projector.ts";
import type { RememberedCommand, StateFile, StateMeta } from "./state-file.ts";
import { isOfDisk, UnusableError } from "./unusable-error.ts";

/** What was read of a partition. */
export type ReadRecords = {
  readonly records: readonly ConsumerRecord[];
  /** The offset to read next. */
  readonly next: number;
  /** `next` was the end of the partition. */
  readonly isCaughtUp: boolean;
};

/** A commit that was decided here, and the state with it. */
export type DecidedCommit = { readonly commit: Commit; readonly next: AggregateState<unknown> };

/** The aggregates of a partition, as far as it was read. Each change is one transaction of the file. */
export type PartitionState = {
  /** The offset to read next. */
  readonly next: number;
  /** Empty before the first commit. */
  readonly generation: string;
  /** How many the topic had when the first event was read. */
  readonly partitions: number;
  /** An aggregate with the commands that it remembers. */
  get(id: string): AggregateState<unknown>;
  /** Where the commit of a remembered command is. */
  findCommit(id: string, command: string): { readonly offset: number; readonly version: number } | undefined;
  /**
   * Takes what was read. Records before `next` are passed over.
   * @returns the commits that count, and why the one behind them cannot be read, if there is such a one: the partition is read up to there
   * @throws what `isOfDisk` knows, and then nothing has changed
   */
  fold(read: ReadRecords): { readonly counted: readonly CountedCommit[]; readonly unreadable?: UnusableError | undefined };
  /** Takes commits that are where the partition ended. @throws what SQLite throws, and then nothing has changed */
  append(decided: readonly DecidedCommit[]): readonly CountedCommit[];
};

type PartitionStateOptions = {
  readonly runtime: AggregateRuntime<unknown>;
  readonly file: StateFile;
  readonly meta: StateMeta;
  readonly projector: PartitionProjector | undefined;
};

/** States without commands are small. */
const CACHED_STATES = 10_000;
/** The 64 commands of an aggregate take some 16 KiB. */
const CACHED_COMMANDS = 500;

export const createPartitionState = ({ runtime, file, meta, projector }: PartitionStateOptions): PartitionState => {
  const { partition, partitions } = meta;
  let { next, generation } = meta;
  const states = createLru<AggregateState<unknown>>(CACHED_STATES);
  const commands = createLru<readonly RememberedCommand[]>(CACHED_COMMANDS);

  const stateOf = (id: string): AggregateState<unknown> => {
    const known = states.get(id);
    if (known !== undefined) return known;
    const stored = file.readState(id) ?? runtime.initial(id);
    states.set(id, stored);
    return stored;
  };

  const commandsOf = (id: string): readonly RememberedCommand[] => {
    const known = commands.get(id) ?? file.readCommands(id);
    commands.set(id, known);
    return known;
  };

  const advance = (
    changed: ReadonlyMap<string, AggregateState<unknown>>,
    counted: readonly NumberedCommit[],
    to: { readonly next: number; readonly generation: string; readonly isCaughtUp: boolean },
  ): void => {
    file.transact(() => {
      for (const state of changed.values()) file.writeState(state);
      for (const { commit, offset, version, nth } of counted) {
        const last = changed.get(commit.key)?.commits ?? nth;
        if (nth > last - REMEMBERED_COMMANDS) file.writeCommand(commit.key, { nth, version, offset }, commit);
      }
      file.writeProgress(to);
      projector?.fold(counted, to.next);
    });
    for (const [id, state] of changed) states.set(id, state);
    for (const { commit } of counted) {
      const known = commands.get(commit.key);
      const { command, answer } = commit;
      if (known !== undefined) commands.set(commit.key, [...known.slice(1 - REMEMBERED_COMMANDS), { command, answer }]);
    }
    ({ next, generation } = to);
    projector?.committed(to);
  };

  const expectOwn = (key: string): void => {
    const own = partitionOfKey(Buffer.from(key), partitions);
    if (own === partition) return;
    throw new UnusableError(
      `The key ${JSON.stringify(key)} belongs to partition ${own} of ${partitions}. The topic had another number of partitions, or somebody ` +
        "writes to it by another rule. Make a new topic, and copy all records there by the rule of Kafka's default partitioner.",
    );
  };

  return {
    get next() {
      return next;
    },
    get generation() {
      return generation;
    },
    partitions,
    get: (id) => ({ ...stateOf(id), commands: commandsOf(id) }),
    findCommit: (id, command) => file.findCommit(id, command),
    fold({ records, next: readTo, isCaughtUp }) {
      const changed = new Map<string, AggregateState<unknown>>();
      const counted: NumberedCommit[] = [];
      let first = generation;
      let upTo = next;
      let failure: UnusableError | undefined;
      for (const record of records) {
        if (record.offset < upTo) continue;
        try {
          const link = findCommitLink(record);
          if (link !== undefined) {
            if (first === "") first = generationOf(link.commit);
            const current = changed.get(link.key) ?? stateOf(link.key);
            if (isNextCommit(current.last, link)) {
              if (current.commits === 0) expectOwn(link.key);
              const commit = decodeCommit(record, link);
              const state = runtime.fold(current, commit) as AggregateState<unknown>;
              changed.set(link.key, { ...state, commands: [] });
              counted.push({ commit, offset: record.offset, version: state.version, nth: state.commits });
            }
          }
        } catch (error) {
          if (isOfDisk(error)) throw error;
          failure = unreadable(record, error);
          break;
        }
        upTo = record.offset + 1;
      }
      if (failure === undefined) upTo = Math.max(upTo, readTo);
      if (upTo > next) advance(changed, counted, { next: upTo, generation: first, isCaughtUp: isCaughtUp && failure === undefined });
      return { counted, unreadable: failure };
    },
    append(decided) {
      const counted = decided.map(({ commit, next: state }, index) => ({
        commit,
        offset: next + index,
        version: state.version,
        nth: state.commits,
      }));
      const changed = new Map(decided.map(({ next: state }) => [state.id, { ...state, commands: [] }]));
      const [first] = counted;
      const now = generation === "" && first !== undefined ? generationOf(first.commit.commit) : generation;
      advance(changed, counted, { next: next + counted.length, generation: now, isCaughtUp: true });
      return counted;
    },
  };
};

/** `nth`: which of the commits of its aggregate it is, from 1. */
type NumberedCommit = CountedCommit & { readonly nth: number };

/** How many events commits have. */
export const eventsOf = (counted: readonly CountedCommit[]): number => counted.reduce((sum, { commit }) => sum + commit.events.length, 0);

/** A commit that counts and cannot be read: who goes on behind it has a wrong state. */
const unreadable = ({ topic, partition, offset }: ConsumerRecord, cause: unknown): UnusableError => {
  const why = cause instanceof RejoinderError ? (cause.detail ?? cause.message) : (cause as Error).message;
  return new UnusableError(`The commit at offset ${offset} of partition ${partition} of ${topic} cannot be read: ${why}`, cause);
};
