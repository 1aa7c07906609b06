import type { Time } from "../../environment/time.ts";
import { encodeCommit } from "../../protocol/commit-record.ts";
import type { TopicPartition } from "../../protocol/topic-partition.ts";
import type { AggregateRuntime } from "../deciders/aggregate-runtime.ts";
import { AppendError, type EventLog } from "../events/event-log.ts";
import { RefusedCommandError } from "./command.ts";
import { otherLogError } from "./partition-check.ts";
import type { DecidedCommit, PartitionState } from "./partition-state.ts";
import { type PendingCommand, type PendingCommands, resultOf } from "./pending-commands.ts";
import type { CountedCommit } from "./projector.ts";
import { isOfDisk } from "./unusable-error.ts";

type GroupCommitOptions = {
  readonly aggregate: string;
  readonly runtime: AggregateRuntime<unknown>;
  readonly eventLog: Pick<EventLog, "append">;
  readonly of: TopicPartition;
  readonly pending: PendingCommands;
  settle(state: PartitionState, counted: readonly CountedCommit[]): void;
  /** Folds all before that offset, and answers the commands whose commits count. */
  readUntil(state: PartitionState, next: number): Promise<readonly CountedCommit[]>;
  /** Of the commits that were appended, so many count, and so many are void. */
  onAppended(counted: number, voided: number): void;
  readonly time: Time;
};

/**
 * Decides the commands that wait, and appends their commits together. Those whose commits turn out void wait on.
 * @throws AppendError `unavailable` or `unknown`, UnusableError if it is another log, and whatever reading throws: all that was appended before is to
 * be read then
 */
export type GroupCommit = (state: PartitionState) => Promise<void>;

/** A decided command, ready to be appended. */
type Entry = DecidedCommit & { readonly pending: PendingCommand; readonly record: ReturnType<typeof encodeCommit> };

/** Of one append. */
const MOST_COMMITS = 500;
/** In characters; in UTF-8 one takes up to three bytes. A broker takes a batch of 1 MiB. */
const MOST_CHARACTERS = 256 * 1024;

export const createGroupCommit = (options: GroupCommitOptions): GroupCommit => {
  const { aggregate, runtime, eventLog, of, pending, settle, readUntil, onAppended, time } = options;

  /** Undefined if there is nothing to append: the command has its answer. */
  const decide = (state: PartitionState, one: PendingCommand): Entry | undefined => {
    const { id, ...command } = one.command;
    try {
      const decided = runtime.decide(state.get(id), { ...command, at: new Date(time.now()) });
      if (decided.kind === "decided") return { ...decided, pending: one, record: encodeCommit(decided.commit) };
      const found = state.findCommit(id, command.command);
      if (found === undefined) throw new Error(`Expected the commit of command ${command.command} to be in the state file.`);
      const { partition } = of;
      const { generation } = state;
      one.answer(resultOf(decided.answer, { aggregate, partition, offset: found.offset, generation }, found.version));
    } catch (error) {
      // Not the command's fault.
      if (isOfDisk(error)) throw error;
      one.fail(error);
    }
    return undefined;
  };

  const decideAll = (state: PartitionState): readonly Entry[] => {
    const entries: Entry[] = [];
    const ids = new Set<string>();
    let characters = 0;
    for (const one of [...pending.list()]) {
      const { id } = one.command;
      if (ids.has(id)) continue;
      const entry = decide(state, one);
      if (entry === undefined) continue;
      ids.add(id);
      entries.push(entry);
      characters += entry.record.value.length + entry.record.headers.reduce((sum, { value }) => sum + value.length, 0);
      if (entries.length === MOST_COMMITS || characters > MOST_CHARACTERS) break;
    }
    return entries;
  };

  /** Entries that were decided on that state, this moment. */
  const append = async (state: PartitionState, entries: readonly Entry[]): Promise<void> => {
    const before = entries.map(({ pending: { mayBeStored } }) => mayBeStored);
    for (const entry of entries) entry.pending.setMayBeStored(true);
    let offsets: readonly number[];
    try {
      offsets = await eventLog.append(
        of,
        entries.map(({ record }) => record),
      );
    } catch (error) {
      const outcome = error instanceof AppendError ? error.outcome : "unknown";
      if (outcome === "unknown") throw error;
      for (const [index, entry] of entries.entries()) entry.pending.setMayBeStored(before[index] === true);
      if (outcome === "unavailable") throw error;
      await appendEach(state, entries, error as AppendError);
      return;
    }
    if (offsets.every((offset, index) => offset === state.next + index)) {
      const counted = state.append(entries);
      settle(state, counted);
      onAppended(counted.length, 0);
      return;
    }
    const first = Math.min(...offsets);
    if (first < state.next) throw otherLogError(of, `a commit is stored at offset ${first}, where ${state.next} records were read before`);
    // Somebody else has appended meanwhile: the log says whose commits count.
    const counted = await readUntil(state, Math.max(...offsets) + 1);
    const commits = new Set(counted.map(({ commit }) => commit.commit));
    const accepted = entries.filter(({ commit }) => commits.has(commit.commit)).length;
    onAppended(accepted, entries.length - accepted);
    for (const entry of entries) entry.pending.setMayBeStored(false);
  };

  /** None was stored, perhaps because of one of them. */
  const appendEach = async (state: PartitionState, entries: readonly Entry[], error: AppendError): Promise<void> => {
    const [first] = entries;
    if (entries.length === 1 && first !== undefined) {
      first.pending.fail(new RefusedCommandError("COMMIT_REJECTED", `Its commit cannot be stored: ${error.message}`, error));
      return;
    }
    for (const { pending: one } of entries) {
      // Decided anew: while the one before was appended, it may have been given up, or others may have changed its aggregate.
      const again = one.isOver ? undefined : decide(state, one);
      if (again !== undefined) await append(state, [again]);
    }
  };

  return async (state) => {
    const entries = decideAll(state);
    if (entries.length > 0) await append(state, entries);
  };
};
