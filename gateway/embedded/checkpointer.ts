import { once } from "node:events";
import type { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import type { Log } from "../../environment/log.ts";

/** Brings what is in the write-ahead log into the file, so that the log can begin anew. */
export type Checkpointer = {
  /** Says that about so many pages were written to the log. */
  wrote(pages: number): void;
  close(): Promise<void>;
};

/** With so many pages (16 MiB) a checkpoint begins. */
const BEGIN_PAGES = 4096;
/** So few (2 MiB) that were written during a checkpoint may keep everybody waiting for the rest of it. */
const FEW_PAGES = 512;
/** With so many (128 MiB) they keep everybody waiting, few or not. */
const MOST_PAGES = 32_768;

/**
 * Most of a checkpoint is waiting for the disk, a tenth of a second or more. So another thread does it; it is begun once there is enough to
 * do. Only the rest, what was written during it, is done here: the log begins anew when nothing is left in it.
 */
export const createCheckpointer = (database: DatabaseSync, file: string, log: Pick<Log, "warn">): Checkpointer => {
  const restart = database.prepare("PRAGMA wal_checkpoint(RESTART)");
  let thread: Worker | undefined;
  let working = false;
  let inLog = 0;
  let meanwhile = 0;

  const begin = (): void => {
    thread ??= startThread();
    working = true;
    meanwhile = 0;
    thread.postMessage("checkpoint");
  };

  const end = (failure: string | undefined): void => {
    working = false;
    if (failure !== undefined) log.warn({ failure }, "could not bring the write-ahead log into the file");
    else if (meanwhile <= FEW_PAGES || inLog >= MOST_PAGES) finish();
    else begin();
  };

  const finish = (): void => {
    try {
      restart.get();
      inLog = 0;
    } catch (error) {
      // A full disk: writing fails too before long, and says so.
      log.warn({ err: error }, "could not bring the write-ahead log into the file");
    }
  };

  const startThread = (): Worker => {
    const started = new Worker(new URL("checkpoint-thread.ts", import.meta.url), { workerData: { file } });
    started.unref();
    started.on("message", end);
    started.on("error", ({ message }) => {
      thread = undefined;
      end(message);
    });
    return started;
  };

  return {
    wrote(pages) {
      inLog += pages;
      meanwhile += pages;
      if (!working && inLog >= BEGIN_PAGES) begin();
    },
    async close() {
      if (thread === undefined) return;
      const gone = once(thread, "exit");
      thread.ref();
      thread.postMessage("close");
      await gone;
    },
  };
};
