import { pause, type Time } from "../../environment/time.ts";
import type { Log } from "../../environment/log.ts";
import { findCommitLink } from "../../protocol/commit-record.ts";
import { generationOf } from "../../protocol/position.ts";
import type { TopicPartition } from "../../protocol/topic-partition.ts";
import type { EventLog } from "../events/event-log.ts";
import { checkEventPartition, EventTopicError } from "../events/topic-check.ts";
import { isBroken, isHeld } from "../../storage/sqlite-errors.ts";
import { openStateFile, removeStateFile, type StateFile, type StateMeta } from "./state-file.ts";
import { UnusableError } from "./unusable-error.ts";

type Expected = Pick<StateMeta, "partitions" | "generation" | "next">;

/**
 * Finds out whether the partition is still the one whose states there are.
 * @throws UnusableError if it is not; EventTopicError if it may lose records, or has lost some
 */
export const checkPartition = async (log: EventLog, of: TopicPartition, expected: Expected, signal: AbortSignal): Promise<void> => {
  const [faults, { end }] = await Promise.all([
    log.faults(of.topic, expected.partitions),
    log.ends(of),
    checkEventPartition(log, of, expected.partitions),
  ]);
  if (faults.length > 0) throw new EventTopicError(faults);
  if (end < expected.next) throw otherLogError(of, `it ends at offset ${end}, and had ${expected.next} records`);
  if (expected.generation === "") return;
  const generation = await readGeneration(log, of, signal);
  if (generation !== expected.generation) throw otherLogError(of, "it begins with another commit");
};

/** The partition was made anew, or has lost records. @param why what shows it */
export const otherLogError = ({ topic, partition }: TopicPartition, why: string): UnusableError =>
  new UnusableError(
    `Partition ${partition} of ${topic} is not the one that was read before: ${why}. Restore the topic. If its events are to be forgotten, delete ` +
      "the state files of the topic (CONSUMER_DATA_DIR/events/).",
  );

const readGeneration = async (log: EventLog, of: TopicPartition, signal: AbortSignal): Promise<string | undefined> => {
  for (let offset = 0; ;) {
    const { records, next, end } = await log.read({ ...of, offset }, { waitMs: 1_000, signal, isAlone: true });
    for (const record of records) {
      const link = findCommitLink(record);
      if (link !== undefined) return generationOf(link.commit);
    }
    if (next >= end || next === offset) return undefined;
    offset = next;
  }
};

type StateFileSearch = {
  readonly folder: string;
  /** What the file is to be of. */
  readonly of: Pick<StateMeta, "topic" | "partition" | "partitions" | "hash">;
  readonly log: Log;
  readonly time: Time;
  readonly signal: AbortSignal;
};

/** A process that ends lets go of its files within that time. */
const HELD_PAUSE_MS = 100;
const HELD_WARN_MS = 5_000;

/**
 * Opens the state file of a partition, and makes it anew if it is of something else. Waits while another process has it.
 * @throws what openDatabaseFile throws; the reason of the signal
 */
export const findStateFile = async (search: StateFileSearch): Promise<{ readonly file: StateFile; readonly meta: StateMeta }> => {
  const { folder, of, log, time, signal } = search;
  const begunAt = time.elapsed();
  let hasWarned = false;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await openOwn(search);
    } catch (error) {
      if (isBroken(error)) {
        removeBrokenFile(search, error);
      } else if (isHeld(error)) {
        if (!hasWarned && time.elapsed() - begunAt > HELD_WARN_MS) {
          log.warn(
            { ...of, folder },
            "another process has a state file, and is waited for: give each consumer a CONSUMER_DATA_DIR of its own",
          );
          hasWarned = true;
        }
        await pause(time, HELD_PAUSE_MS, signal);
      } else throw error;
    }
  }
};

/** Removes a file by which nobody can go on. */
export const removeBrokenFile = (
  { folder, of, log }: { readonly folder: string; readonly of: TopicPartition; readonly log: Log },
  cause: unknown,
): void => {
  log.error({ ...of, folder, err: cause }, "a state file is broken, and is made again from the log");
  removeStateFile(folder);
};

const openOwn = async ({ folder, of, log }: StateFileSearch): Promise<{ readonly file: StateFile; readonly meta: StateMeta }> => {
  const file = openStateFile({ folder, log });
  try {
    const meta = file.readMeta();
    const isMoved = meta !== undefined && (meta.topic !== of.topic || meta.partition !== of.partition);
    if (isMoved) {
      log.warn({ ...of, folder, was: meta }, "a state file is of another partition, and is made again from the log");
      await file.close();
      removeStateFile(folder);
      return await openOwn({ folder, of, log } as StateFileSearch);
    }
    if (meta?.hash === of.hash) return { file, meta };
    if (meta !== undefined) log.info(of, "the decider has changed: its states are made again from the log");
    const fresh: StateMeta = { ...of, partitions: meta?.partitions ?? of.partitions, generation: meta?.generation ?? "", next: 0 };
    file.transact(() => file.reset(fresh));
    return { file, meta: fresh };
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
};
