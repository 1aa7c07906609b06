import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Log } from "../environment/log.ts";
import { type HeldFolderOptions, holdFolder } from "./held-folder.ts";

export type DatabaseFileOptions = Omit<HeldFolderOptions, "files"> & {
  /** Its name in the folder. */
  readonly file: string;
  /** `FULL`: a transaction is durable when it ends. `NORMAL`: once the write-ahead log was synced, which checkpoints do. */
  readonly synchronous: "FULL" | "NORMAL";
  /** The version of the schema that this program writes. */
  readonly version: number;
  /** Makes the schema, from that of the version that wrote the file; 0: the file is new. */
  readonly migrate: (database: DatabaseSync, version: number) => void;
};

/** A file of SQLite with a write-ahead log, in a folder that this process holds. */
export type DatabaseFile = {
  readonly database: DatabaseSync;
  readonly path: string;
  /** Closes the file and lets another process have the folder. */
  close(): void;
};

/**
 * Opens a file of SQLite, for this process alone. Nobody checkpoints it by itself: see `createCheckpointer`.
 * @throws Error if another process has the folder, it cannot be written, or a later version wrote the file
 */
export const openDatabaseFile = (
  { folder, file, inUse, synchronous, version, migrate }: DatabaseFileOptions,
  log: Pick<Log, "warn">,
): DatabaseFile => {
  const held = holdFolder({ folder, files: [file], inUse }, log);
  const path = join(folder, file);
  const database = new DatabaseSync(path);
  const close = (): void => {
    database.close();
    held.release();
  };
  try {
    // Without any sync a power cut could break the file, not just lose its end.
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${synchronous};
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA journal_size_limit = 67108864;
    `);
    const written = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (written > version) throw new Error(`version ${written} of this program wrote it, and this one reads up to ${version}`);
    migrate(database, written);
    database.exec(`PRAGMA user_version = ${version}`);
    return { database, path, close };
  } catch (error) {
    close();
    throw new Error(`Could not open ${path}: ${(error as Error).message}.`, { cause: error });
  }
};

/**
 * Makes a function that runs all writes of `run` or none of them.
 * @throws what SQLite or `run` throws, and then nothing was written
 */
export const createTransact = (database: DatabaseSync): (<Result>(run: () => Result) => Result) => {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  return (run) => {
    try {
      begin.run();
      const result = run();
      commit.run();
      return result;
    } catch (error) {
      // Some errors, a full disk among them, have already rolled back.
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  };
};
