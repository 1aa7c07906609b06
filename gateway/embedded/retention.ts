import type { Log } from "../../environment/log.ts";
import type { Time } from "../../environment/time.ts";
import type { LogFile } from "./log-file.ts";
import { activeSegment, type Partition, type Topics } from "./partition.ts";

/** Removes segments that retention no longer keeps. */
export type RetentionSweeper = {
  /** Looks soon at partitions that have got another segment. */
  look(partitions: Iterable<Partition>): void;
  stop(): void;
};

export type RetentionSeams = {
  readonly topics: Topics;
  readonly file: Pick<LogFile, "removeOldest">;
  /** Gives space back to the disk, and says whether there is more to give. */
  readonly compact: () => boolean;
  readonly time: Time;
  readonly log: Pick<Log, "error">;
};

/** How often it looks at all partitions, also at those to which nobody appends. */
const PAUSE_MS = 60_000;
/** How much one turn of the event loop removes at most, so that no call waits for all of it. */
const SEGMENTS_A_TURN = 8;

export const createRetentionSweeper = ({ topics, file, compact, time, log }: RetentionSeams): RetentionSweeper => {
  const waiting = new Set<Partition>();
  let sweeping = false;
  let stopped = false;
  let timer: unknown;

  /** Does one turn's work. Returns whether there is more. */
  const sweepSome = (): boolean => {
    for (const partition of waiting) {
      const now = time.now();
      const count = countRemovable(partition, now);
      if (count <= SEGMENTS_A_TURN) waiting.delete(partition);
      if (count === 0) continue;
      file.removeOldest(partition, Math.min(count, SEGMENTS_A_TURN), now);
      return true;
    }
    return compact();
  };

  const sweep = (): void => {
    sweeping = false;
    if (stopped) return;
    try {
      if (sweepSome()) sweepSoon();
    } catch (error) {
      // For example a full disk. The next look finds the same segments.
      waiting.clear();
      log.error({ err: error }, "could not remove old records");
    }
  };

  const sweepSoon = (): void => {
    if (sweeping) return;
    sweeping = true;
    time.setImmediate(sweep);
  };

  const look = (partitions: Iterable<Partition>): void => {
    for (const partition of partitions) waiting.add(partition);
    sweepSoon();
  };

  const lookAround = (): void => {
    timer = time.setTimeout(lookAround, PAUSE_MS);
    look([...topics.values()].flat());
  };
  lookAround();

  return {
    look,
    stop() {
      stopped = true;
      time.clearTimeout(timer);
    },
  };
};

/**
 * How many of the oldest segments can go. By size, no less than the limit stays. By time, no record goes that was stored more recently,
 * whatever its timestamp.
 */
export const countRemovable = (partition: Partition, now: number): number => Math.max(countBySize(partition), countByTime(partition, now));

const countBySize = ({ segments, retention }: Partition): number => {
  if (retention.bytes === undefined) return 0;
  let kept = segments.reduce((sum, { bytes }) => sum + bytes, 0);
  let count = 0;
  for (const { bytes } of segments.slice(0, -1)) {
    kept -= bytes;
    if (kept < retention.bytes) break;
    count += 1;
  }
  return count;
};

const countByTime = (partition: Partition, now: number): number => {
  const { segments, retention } = partition;
  if (retention.ms === undefined) return 0;
  const oldest = now - retention.ms;
  // An empty segment has nothing to remove, and remembers where the partition goes on.
  const removable = activeSegment(partition).bytes === 0 ? segments.slice(0, -1) : segments;
  const young = removable.findIndex(({ storedAt }) => storedAt > oldest);
  return young === -1 ? removable.length : young;
};
