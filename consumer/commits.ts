import type { Log } from "../environment/log.ts";
import { systemTime, type Time } from "../environment/time.ts";
import type { Offsets } from "./offsets.ts";
import type { Source } from "./source.ts";

/** Commits what is finished, in batches. */
export type Commits = {
  /** Something is finished: it is committed soon, together with what follows. */
  schedule(): void;
  /** Commits everything that is finished now, and resolves when that was tried. */
  flush(): Promise<void>;
};

type CommitsOptions = {
  readonly source: Pick<Source, "commit">;
  readonly offsets: Offsets;
  readonly log: Log;
  readonly time?: Time;
};

/** More often costs the gateway a write each time; less often repeats more handlers after a crash. */
const INTERVAL_MS = 200;

/** Only one commit is under way at a time: an older commit that arrives later would move the group back. */
export const createCommits = ({ source, offsets, log, time = systemTime }: CommitsOptions): Commits => {
  let timer: unknown;
  let underway: Promise<void> | undefined;

  const commit = async (): Promise<void> => {
    const positions = offsets.committable();
    if (positions.length === 0) return;
    const { committed, lost } = await source.commit(positions);
    offsets.committed(committed);
    for (const partition of lost) {
      // Its new owner starts at the last commit and repeats what was not committed: handlers may run twice.
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
    timer = time.setTimeout(() => {
      timer = undefined;
      void start();
    }, INTERVAL_MS);
  };

  return {
    schedule,
    async flush() {
      await underway;
      time.clearTimeout(timer);
      timer = undefined;
      await start();
      time.clearTimeout(timer);
    },
  };
};
