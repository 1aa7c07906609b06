import type { DatabaseSync } from "node:sqlite";
import type { Log } from "../environment/log.ts";
import { checkpoint, createCheckpointer } from "./checkpointer.ts";
import { createTransact, type DatabaseFileOptions, openDatabaseFile } from "./database-file.ts";
import { createWalSync, type WalSync } from "./wal-sync.ts";

export type SyncedFileOptions = Omit<DatabaseFileOptions, "synchronous"> & {
  /** `always`: a power cut loses nothing that has settled. `os`: kill -9 loses nothing, a power cut may lose the end. */
  readonly fsync: "always" | "os";
  /** Called with how long a sync took. */
  readonly onSynced?: ((seconds: number) => void) | undefined;
};

/** A file of SQLite whose commits become durable by shared syncs of its write-ahead log. */
export type SyncedFile = Pick<WalSync, "settled" | "failure"> & {
  readonly database: DatabaseSync;
  /** Runs all writes of `run` or none of them. @throws what SQLite or `run` throws, and then nothing was written */
  transact<Result>(run: () => Result): Result;
  /** Must be called after each transaction that others are told of: it has written about so many pages to the log. */
  committed(pages: number): void;
  /** Waits for a sync that runs, closes the file, and lets another process have the folder. */
  close(): Promise<void>;
};

/** Where nobody waits for the disk. */
const WITHOUT_SYNC: WalSync = { committed: () => {}, settled: () => undefined, failure: () => undefined, close: async () => {} };

/**
 * Opens a file of SQLite, for this process alone.
 * @throws Error if another process has the folder, it cannot be written, or a later version wrote the file
 */
export const openSyncedFile = ({ fsync, onSynced, ...options }: SyncedFileOptions, log: Pick<Log, "warn">): SyncedFile => {
  const opened = openDatabaseFile({ ...options, synchronous: "NORMAL" }, log);
  const { database, path } = opened;
  const checkpointer = createCheckpointer(database, path, log);
  const sync = fsync === "os" ? WITHOUT_SYNC : createWalSync({ path, repair: () => checkpoint(database), ...(onSynced && { onSynced }) });
  return {
    database,
    transact: createTransact(database),
    committed(pages) {
      checkpointer.wrote(pages);
      sync.committed();
    },
    settled: sync.settled,
    failure: sync.failure,
    async close() {
      await checkpointer.close();
      await sync.close();
      opened.close();
    },
  };
};
