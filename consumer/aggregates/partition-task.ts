import { pause } from "../../environment/time.ts";
import { isBroken } from "../../storage/sqlite-errors.ts";
import { createBackoff } from "../backoff.ts";
import type { EventRecords } from "../events/event-log.ts";
import type { ConsumerObserver, PartitionFigures } from "../observe/observer.ts";
import { createOutageLog } from "../outage-log.ts";
import { nextTurn } from "../waiting.ts";
import type { AggregateCommand, CommandResult } from "./command.ts";
import { createGroupCommit } from "./group-commit.ts";
import { createOpenedState, type OpenedStateOptions } from "./opened-state.ts";
import { checkPartition } from "./partition-check.ts";
import { eventsOf, type PartitionState } from "./partition-state.ts";
import { closedError, createPendingCommands } from "./pending-commands.ts";
import type { CountedCommit } from "./projector.ts";
import { createReadingProgress } from "./reading-progress.ts";
import { createUnusableLog, isUnusable } from "./unusable-error.ts";

export type PartitionTaskOptions = Omit<OpenedStateOptions, "signal"> & {
  readonly observer: Pick<ConsumerObserver, "committedEvents" | "foldedEvents">;
  readonly random: () => number;
  /**
   * A command takes the place of a handler. Once so much time was read, commands give that back, and come again until their deadline. Default: 5,000.
   */
  readonly readingPatienceMs?: number;
};

/** What this process does with one partition of events: it folds all of them, and decides commands. */
export type PartitionTask = {
  /**
   * Decides a command once all that was appended before is read.
   * @throws UnavailableError if that cannot be done now; RefusedCommandError if never; what the decider throws; what the signal aborts with, unless a
   * commit may be stored already
   */
  decide(command: AggregateCommand, signal: AbortSignal): Promise<CommandResult>;
  readonly figures: PartitionFigures;
  /** It takes no more commands, and its file is closed, or soon will be. */
  readonly isOver: boolean;
  readonly ended: Promise<void>;
  /** Ends it as soon as no command waits. */
  retire(): void;
  /** Goes on, unless it has ended. */
  retain(): void;
  /** Lets go of its states and opens them again, which makes them anew if their hash has changed. Commands wait. */
  reopen(): void;
  /** Ends it after what it is just doing. */
  close(): Promise<void>;
};

/** Who decides one command after another sees by their offsets what others append meanwhile, and need not read for it. */
const IDLE_MS = 1_000;
const FOLLOW_WAIT_MS = 10_000;
const CHECK_MS = 60_000;
/** How soon a partition that cannot be used is looked at again. */
const UNUSABLE_PAUSE_MS = 15_000;
/** Records of one transaction. */
const SLICE = 4_000;
const READING_PATIENCE_MS = 5_000;
const RETRY = { firstMs: 50, mostMs: 5_000 };

export const createPartitionTask = (options: PartitionTaskOptions): PartitionTask => {
  const { aggregate, runtime, of, eventLog, observer, time, random } = options;
  const { readingPatienceMs = READING_PATIENCE_MS } = options;
  const log = options.log.child(of);
  const closing = new AbortController();
  const { signal } = closing;
  const opened = createOpenedState({ ...options, log, signal });
  const backoff = createBackoff({ ...RETRY, random });
  const outages = createOutageLog(log, "events can be read and appended again");
  let woken = Promise.withResolvers<void>();
  const wake = (): void => {
    woken.resolve();
    woken = Promise.withResolvers();
  };
  const pending = createPendingCommands(wake, time);
  const unusable = createUnusableLog(log, time);
  let phase: PartitionFigures["state"] = "reading";
  let readingSince = time.elapsed();
  let end = 0;
  let isRetiring = false;
  let isStale = false;
  /** The file cannot be used any more. */
  let brokenBy: unknown;
  let isOver = false;
  let checkedAt = 0;
  /** A read that waits for what others append. It stays while commands are decided, since to end it would cost more than it does. */
  let tail: Promise<EventRecords> | undefined;

  const read = (offset: number, waitMs: number): Promise<EventRecords> => eventLog.read({ ...of, offset }, { waitMs, signal });

  const settle = (state: PartitionState, counted: readonly CountedCommit[]): void =>
    pending.settle(counted, { aggregate, partition: of.partition, generation: state.generation });

  /** In slices, so that the process does other work, too. */
  const fold = async (state: PartitionState, got: EventRecords): Promise<readonly CountedCommit[]> => {
    const all: CountedCommit[] = [];
    for (let at = 0; at === 0 || at < got.records.length; at += SLICE) {
      if (at > 0) await nextTurn(time);
      const records = got.records.slice(at, at + SLICE);
      const isLast = at + SLICE >= got.records.length;
      const next = isLast ? got.next : (records.at(-1)?.offset ?? 0) + 1;
      const { counted, unreadable } = state.fold({ records, next, isCaughtUp: isLast && got.next >= got.end });
      observer.foldedEvents(aggregate, eventsOf(counted));
      settle(state, counted);
      if (unreadable !== undefined) throw unreadable;
      all.push(...counted);
    }
    end = Math.max(got.end, state.next);
    return all;
  };

  const letGo = async (): Promise<void> => {
    tail = undefined;
    phase = "reading";
    readingSince = time.elapsed();
    isStale = false;
    const cause = brokenBy;
    brokenBy = undefined;
    await (cause === undefined ? opened.close() : opened.discard(cause));
  };

  const check = async (state: PartitionState): Promise<void> => {
    await checkPartition(eventLog, of, state, signal);
    checkedAt = time.elapsed();
  };

  const catchUp = async (state: PartitionState): Promise<void> => {
    const progress = createReadingProgress({ of, from: state.next, log, time });
    let coming = read(state.next, 0);
    for (;;) {
      const got = await coming;
      const isDone = got.next >= got.end;
      // The next records travel while these are folded.
      if (!isDone) {
        coming = read(got.next, 1_000);
        coming.catch(() => undefined);
      }
      const counted = await fold(state, got);
      progress.read(state.next, got.end, eventsOf(counted));
      if (isDone) break;
    }
    progress.over();
    opened.projecting?.committed({ next: state.next, generation: state.generation, isCaughtUp: true });
  };

  const readUntil = async (state: PartitionState, next: number): Promise<readonly CountedCommit[]> => {
    const all: CountedCommit[] = [];
    while (state.next < next) {
      const got = await read(state.next, 1_000);
      if (got.next <= state.next)
        throw new Error(`the records up to offset ${next} were stored, and now there are none from ${got.next} on`);
      all.push(...(await fold(state, got)));
    }
    return all;
  };

  const groupCommit = createGroupCommit({
    aggregate,
    runtime,
    eventLog,
    of,
    pending,
    settle,
    readUntil,
    onAppended(accepted, voided) {
      outages.over();
      backoff.reset();
      observer.committedEvents(aggregate, accepted, voided);
    },
    time,
  });

  /** Waits for commands, and reads what others append. */
  const follow = async (state: PartitionState): Promise<void> => {
    const { promise: command } = woken;
    const idle = Promise.withResolvers<void>();
    const timer = time.setTimeout(idle.resolve, IDLE_MS);
    await Promise.race([command, idle.promise]);
    time.clearTimeout(timer);
    if (pending.size > 0 || signal.aborted || isRetiring || isStale) return;
    tail ??= read(state.next, FOLLOW_WAIT_MS);
    tail.catch(() => undefined);
    const got = await Promise.race([command, tail]);
    if (got === undefined) return;
    tail = undefined;
    await fold(state, got);
  };

  const work = async (): Promise<void> => {
    const state = await opened.open();
    await check(state);
    await catchUp(state);
    phase = "ready";
    unusable.end();
    pending.resume();
    backoff.reset();
    while (!signal.aborted && !mayLetGo()) {
      if (time.elapsed() - checkedAt > CHECK_MS) await check(state);
      if (pending.size === 0) await follow(state);
      else {
        await groupCommit(state);
        end = Math.max(end, state.next);
      }
    }
  };

  const stop = (error: Error): void => {
    phase = "paused";
    unusable.begin(error);
    pending.stop(error.message);
  };

  const mayEnd = (): boolean => isRetiring && pending.size === 0;
  const mayLetGo = (): boolean => isStale || mayEnd();

  const run = async (): Promise<void> => {
    while (!signal.aborted && !mayEnd()) {
      try {
        if (isStale) await letGo();
        await work();
      } catch (error) {
        tail = undefined;
        if (signal.aborted) break;
        if (isUnusable(error)) {
          stop(error);
          await Promise.race([pause(time, UNUSABLE_PAUSE_MS, signal), woken.promise]);
        } else {
          if (isBroken(error)) {
            brokenBy = error;
            isStale = true;
          }
          const retryInMs = Math.round(backoff.nextMs());
          outages.warn({ reason: (error as Error).message, retryInMs }, "events cannot be read, appended or folded now");
          await pause(time, retryInMs, signal);
        }
      }
    }
    isOver = true;
  };

  const ended = run().then(async () => {
    closing.abort();
    pending.failAll(closedError());
    await letGo();
  });
  ended.catch((error: unknown) => log.error({ err: error }, "a state file could not be closed"));

  return {
    async decide(command, commandSignal) {
      if (isOver) throw closedError();
      const decided = pending.add(command, commandSignal);
      const patienceMs = Math.max(0, readingPatienceMs - (time.elapsed() - readingSince));
      if (phase === "reading") pending.giveUpAfter(patienceMs, command.command, () => phase === "reading");
      return decided;
    },
    get figures() {
      return { ...of, state: phase, behind: Math.max(0, end - (opened.state?.next ?? 0)) };
    },
    get isOver() {
      return isOver;
    },
    ended: ended.catch(() => undefined),
    retire() {
      isRetiring = true;
      wake();
    },
    retain() {
      isRetiring = false;
    },
    reopen() {
      isStale = true;
      wake();
    },
    close() {
      closing.abort();
      wake();
      return ended.catch(() => undefined);
    },
  };
};
