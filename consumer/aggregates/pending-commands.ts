import type { Time } from "../../environment/time.ts";
import { formatPosition, type Position } from "../../protocol/position.ts";
import { type AggregateCommand, type CommandResult, UnavailableError } from "./command.ts";
import type { CountedCommit } from "./projector.ts";

/** A command that has no answer yet. */
export type PendingCommand = {
  readonly command: AggregateCommand;
  /** A commit of it may be in the log, or may come there. Then its caller is told nothing else before that is known. */
  readonly mayBeStored: boolean;
  /** It has its answer, or has failed. */
  readonly isOver: boolean;
  /** If not, and its signal has aborted meanwhile, it fails now. */
  setMayBeStored(mayBeStored: boolean): void;
  answer(result: CommandResult): void;
  fail(error: unknown): void;
};

/** The commands of a partition that have no answer yet, oldest first. */
export type PendingCommands = {
  readonly size: number;
  /** Rejects with what the signal aborts with, unless a commit may be stored. */
  add(command: AggregateCommand, signal: AbortSignal): Promise<CommandResult>;
  list(): Iterable<PendingCommand>;
  /** Answers those whose commits count, whoever has made them. */
  settle(counted: readonly CountedCommit[], place: Omit<Position, "offset">): void;
  /** Fails one as unavailable after that time if `isStill` says so then, unless a commit of it may be stored. */
  giveUpAfter(milliseconds: number, command: string, isStill: () => boolean): void;
  failAll(error: unknown): void;
  /**
   * Fails all, and those that are added from now on, as unavailable for that reason. Those of which a commit may be stored are told by their deadline at
   * the earliest: whoever is told sooner sends the same again.
   */
  stop(reason: string): void;
  /** Takes commands again. */
  resume(): void;
};

/** @param onAdded there is something to do */
export const createPendingCommands = (onAdded: () => void, time: Time): PendingCommands => {
  const pending = new Map<string, PendingCommand>();
  const results = new Map<string, Promise<CommandResult>>();
  /** There while no command is taken, with those that may be stored. */
  let stopped: { readonly reason: string; readonly mayBeStored: Set<string> } | undefined;
  return {
    get size() {
      return pending.size;
    },
    add(command, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (stopped !== undefined) return Promise.reject(stoppedError(stopped, command));
      // Delivered twice: both get the one answer.
      const same = results.get(command.command);
      if (same !== undefined) return same;
      const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
      const end = (): void => {
        pending.delete(command.command);
        results.delete(command.command);
        signal.removeEventListener("abort", onAbort);
      };
      let mayBeStored = false;
      const one: PendingCommand = {
        command,
        get mayBeStored() {
          return mayBeStored;
        },
        get isOver() {
          return pending.get(command.command) !== one;
        },
        setMayBeStored(may) {
          mayBeStored = may;
          if (!may && signal.aborted && pending.has(command.command)) one.fail(signal.reason);
        },
        answer(result) {
          end();
          resolve(result);
        },
        fail(error) {
          end();
          reject(error);
        },
      };
      const onAbort = (): void => {
        if (!mayBeStored) one.fail(signal.reason);
      };
      signal.addEventListener("abort", onAbort);
      pending.set(command.command, one);
      results.set(command.command, promise);
      onAdded();
      return promise;
    },
    list: () => pending.values(),
    settle(counted, place) {
      if (pending.size === 0) return;
      for (const { commit, offset, version } of counted) {
        const one = pending.get(commit.command);
        if (one?.command.id === commit.key) one.answer(resultOf(commit.answer, { ...place, offset }, version));
      }
    },
    giveUpAfter(milliseconds, command, isStill) {
      const one = pending.get(command);
      const timer = time.setTimeout(() => {
        if (one?.mayBeStored === false && pending.get(command) === one && isStill())
          one.fail(new UnavailableError("The events of the partition are still being read."));
      }, milliseconds);
      const stop = (): void => time.clearTimeout(timer);
      results.get(command)?.then(stop, stop);
    },
    failAll(error) {
      for (const one of [...pending.values()]) one.fail(error);
    },
    stop(reason) {
      const mayBeStored = stopped?.mayBeStored ?? new Set();
      stopped = { reason, mayBeStored };
      for (const one of [...pending.values()]) {
        if (one.mayBeStored) mayBeStored.add(one.command.command);
        one.fail(stoppedError(stopped, one.command));
      }
    },
    resume: () => void (stopped = undefined),
  };
};

/** An answer is absent where nobody asked. */
export const resultOf = (answer: CommandResult["answer"] | undefined, position: Position, aggregateVersion: number): CommandResult => ({
  answer: answer ?? { reply: null },
  position: formatPosition(position),
  aggregateVersion,
});

const stoppedError = (
  { reason, mayBeStored }: { readonly reason: string; readonly mayBeStored: ReadonlySet<string> },
  { command }: AggregateCommand,
): UnavailableError => new UnavailableError(reason, { untilDeadline: mayBeStored.has(command) });

/** The partition is closed. */
export const closedError = (): UnavailableError => new UnavailableError("The partition goes to another process, or this one ends.");
