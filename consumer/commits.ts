import type { Log } from "../environment/log.ts";
import type { Offsets } from "./offsets.ts";
import type { Source } from "./source.ts";
import { platformTimers, type Timers } from "./waiting.ts";

/** Commits what is settled, a batch at a time. */
export type Commits = {
  /** Something was settled: it is committed soon, together with what follows. */
  schedule(): void;
  /** Commits everything that is settled now, and resolves when that was tried. */
  flush(): Promise<void>;
};

export type CommitsOptions = {
  readonly source: Pick<Source, "commit">;
  readonly offsets: Offsets;
  readonly log: Log;
  /** More often costs the gateway a write each time; less often repeats more handlers after a crash. */
  readonly intervalMs?: number;
  readonly timers?: Timers;
};

const INTERVAL_MS = 200;

/** At most one commit is under way: an older one that arrived later would move the group back. */
export const createCommits = ({ source, offsets, log, intervalMs = INTERVAL_MS, timers = platformTimers }: CommitsOptions): Commits => {
  let timer: unknown;
  let underway: Promise<void> | undefined;

  const commit = async (): Promise<void> => {
    const positions = offsets.committable();
    if (positions.length === 0) return;
    const { committed, lost } = await source.commit(positions);
    offsets.committed(committed);
    for (const partition of lost) {
      // Whoever has it now starts at the last commit, and repeats what was not committed: handlers may run twice.
      offsets.forget(partition);
      log.debug(partition, "the partition belongs to another instance now");
    }
  };

  const start = (): Promise<void> => {
    underway = commit().finally(() => {
      underway = undefined;
      if (offsets.committable().length > 0) schedule();
    });
    return underway;
  };

  const schedule = (): void => {
    if (timer !== undefined || underway !== undefined) return;
    timer = timers.setTimeout(() => {
      timer = undefined;
      void start();
    }, intervalMs);
  };

  return {
    schedule,
    async flush() {
      await underway;
      timers.clearTimeout(timer);
      timer = undefined;
      await start();
      timers.clearTimeout(timer);
    },
  };
};
