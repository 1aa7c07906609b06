import { once } from "node:events";
import type { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import type { Log } from "../environment/log.ts";

/** Brings all of the write-ahead log into the file, now. @throws Error if that is being done already, or what SQLite throws */
export const checkpoint = (database: DatabaseSync): void => {
  const { busy } = database.prepare("PRAGMA wal_checkpoint(FULL)").get() as { busy: number };
  if (busy !== 0) throw new Error("the write-ahead log is being brought into the file");
};

/** Copies the write-ahead log into the file, so that the log can begin anew. */
export type Checkpointer = {
  /** Counts pages that were written to the log, approximately. */
  wrote(pages: number): void;
  close(): Promise<void>;
};

/** A checkpoint begins at so many pages (16 MiB). */
const BEGIN_PAGES = 4096;
/** If no more than this (2 MiB) was written during a checkpoint, everybody may wait for the rest of it. After one that failed, the next comes this much later. */
const FEW_PAGES = 512;
/** At so many pages (128 MiB) everybody waits, however much is left. */
const MOST_PAGES = 32_768;

/**
 * Most of a checkpoint is a wait for the disk, of a tenth of a second or more. So another thread does it, once there is enough to do. What
 * was written meanwhile is copied here, since the log can begin anew only when nothing is left in it.
 */
export const createCheckpointer = (database: DatabaseSync, file: string, log: Pick<Log, "warn">): Checkpointer => {
  const restart = database.prepare("PRAGMA wal_checkpoint(RESTART)");
  let thread: Worker | undefined;
  let working = false;
  let inLog = 0;
  let meanwhile = 0;
  let beginAt = BEGIN_PAGES;

  const begin = (): void => {
    thread ??= startThread();
    working = true;
    meanwhile = 0;
    thread.postMessage("checkpoint");
  };

  const end = (failure: string | undefined): void => {
    working = false;
    if (failure !== undefined) {
      log.warn({ failure }, "could not bring the write-ahead log into the file");
      beginAt = inLog + FEW_PAGES;
    } else if (meanwhile <= FEW_PAGES || inLog >= MOST_PAGES) finish();
    else begin();
  };

  const finish = (): void => {
    try {
      restart.get();
      inLog = 0;
      beginAt = BEGIN_PAGES;
    } catch (error) {
      // For example a full disk: writes soon fail too, and callers are told.
      log.warn({ err: error }, "could not bring the write-ahead log into the file");
      beginAt = inLog + FEW_PAGES;
    }
  };

  const startThread = (): Worker => {
    const started = new Worker(new URL("checkpoint-thread.ts", import.meta.url), {
      workerData: { file },
      // Node 22 warns of node:sqlite in each thread, and in a thread nobody can hide that one alone.
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
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
      if (!working && inLog >= beginAt) begin();
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
