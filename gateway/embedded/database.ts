import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Log } from "../../environment/log.ts";
import { createRecordTable } from "./record-table.ts";

/** `always`: a power cut loses nothing acknowledged. `os`: kill -9 loses nothing, a power cut may lose the last records. */
export type Fsync = "always" | "os";

/** The version of the schema, stored in the file. */
const VERSION = 2;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS partitions (
    id INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    number INTEGER NOT NULL,
    UNIQUE (topic, number)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS segments (
    partition_id INTEGER NOT NULL,
    base INTEGER NOT NULL,
    begun_at INTEGER NOT NULL,
    stored_at INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    latest INTEGER NOT NULL DEFAULT -1,
    PRIMARY KEY (partition_id, base)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS commits (
    consumer_group TEXT NOT NULL,
    partition_id INTEGER NOT NULL,
    "offset" INTEGER NOT NULL,
    PRIMARY KEY (consumer_group, partition_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;
  PRAGMA user_version = ${VERSION};
`;

/** The file of the log. */
export type LogDatabase = {
  readonly database: DatabaseSync;
  readonly path: string;
  /** Closes the file and lets another process have the folder. */
  close(): void;
};

const LOG_FILE = "log.sqlite";
const LOCK_FILE = "lock.sqlite";
/** Only the owner may read records. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const STICKY = 0o1000;

/**
 * Opens the log's file, for this process alone. Keeps other users out of the folder and its files, or warns that it cannot.
 * @throws Error if another process has it, the folder cannot be written, or a later version wrote the file.
 */
export const openDatabase = (folder: string, fsync: Fsync, log: Pick<Log, "warn">): LogDatabase => {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  keepOthersOut(folder, log);
  const lock = holdFolder(folder);
  const path = join(folder, LOG_FILE);
  const database = new DatabaseSync(path);
  const close = (): void => {
    database.close();
    lock.close();
  };
  try {
    // NORMAL syncs at checkpoints only. Without any sync a power cut could break the file, not just lose its end. The checkpointer
    // does the checkpoints.
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${fsync === "always" ? "FULL" : "NORMAL"};
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA journal_size_limit = 67108864;
    `);
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (version > VERSION) throw new Error(`version ${version} of this program wrote it, and this one reads up to ${VERSION}`);
    shrinkable(database);
    database.exec(SCHEMA);
    if (version === 1) divideRecords(database);
    return { database, path, close };
  } catch (error) {
    close();
    throw new Error(`Could not open ${path}: ${(error as Error).message}.`, { cause: error });
  }
};

/** Makes the files before SQLite does. What SQLite makes beside a database later has the mode of the database. */
const keepOthersOut = (folder: string, log: Pick<Log, "warn">): void => {
  const names = [LOG_FILE, LOCK_FILE];
  try {
    // A folder with the sticky bit, such as /tmp, is everybody's.
    if ((statSync(folder).mode & STICKY) === 0) restrict(folder, FOLDER_MODE);
    for (const name of names) closeSync(openSync(join(folder, name), "a", FILE_MODE));
    const files = readdirSync(folder).filter((file) => names.some((name) => file.startsWith(name)));
    for (const file of files) restrict(join(folder, file), FILE_MODE);
  } catch (error) {
    log.warn({ err: error, folder }, "could not keep other users out of the data folder");
  }
};

const restrict = (path: string, mode: number): void => {
  if ((statSync(path).mode & 0o777 & ~mode) !== 0) chmodSync(path, mode);
};

/** SQLite's exclusive lock on a file of its own belongs to the process and ends with it, also by kill -9. */
const holdFolder = (folder: string): DatabaseSync => {
  const lock = new DatabaseSync(join(folder, LOCK_FILE));
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    if (isLocked(error))
      throw new Error(`Another gateway is using ${folder}: stop it, or set GATEWAY_DATA_DIR to a folder of its own.`, { cause: error });
    throw new Error(`Could not hold ${folder}: ${(error as Error).message}.`, { cause: error });
  }
};

/** The first version had the records of all partitions in one table: 2^40 positions for each. */
const divideRecords = (database: DatabaseSync): void =>
  createTransact(database)(() => {
    const select = "SELECT position % (1 << 40), timestamp, key, value, headers FROM records";
    for (const { id } of database.prepare("SELECT id FROM partitions").all()) {
      createRecordTable(database, Number(id));
      database.exec(`INSERT INTO records_${id} ${select} WHERE position >= ${id} << 40 AND position < (${id} + 1) << 40`);
    }
    database.exec("DROP TABLE records");
  });

/** Makes sure that the end of the file can be cut off in steps. An older file is rewritten for that. */
const shrinkable = (database: DatabaseSync): void => {
  const INCREMENTAL = 2;
  if (database.prepare("PRAGMA auto_vacuum").get()?.["auto_vacuum"] === INCREMENTAL) return;
  database.exec("PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
};

/**
 * Runs all writes of `run` or none of them; durable when it returns.
 * @throws what SQLite or `run` throws, and then nothing was written
 */
export const createTransact = (database: DatabaseSync): ((run: () => void) => void) => {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  return (run) => {
    try {
      begin.run();
      run();
      commit.run();
    } catch (error) {
      // Some errors, a full disk among them, have already rolled back.
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  };
};

const SQLITE_BUSY = 5;

const isLocked = (error: unknown): boolean => ((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY;
