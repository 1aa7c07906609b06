import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** `always`: a power cut loses nothing acknowledged. `os`: kill -9 loses nothing, a power cut may lose the last records. */
export type Fsync = "always" | "os";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS partitions (
    id INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    number INTEGER NOT NULL,
    UNIQUE (topic, number)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS records (
    position INTEGER PRIMARY KEY,
    timestamp INTEGER NOT NULL,
    key TEXT,
    value TEXT NOT NULL,
    headers TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS commits (
    consumer_group TEXT NOT NULL,
    partition_id INTEGER NOT NULL,
    "offset" INTEGER NOT NULL,
    PRIMARY KEY (consumer_group, partition_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;
  PRAGMA user_version = 1;
`;

/**
 * Opens the log's file and holds it alone: SQLite's exclusive lock belongs to the process, so that it ends with it, by kill -9 too.
 * @throws Error if another process has it, or the folder cannot be written.
 */
export const openDatabase = (folder: string, fsync: Fsync): DatabaseSync => {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "log.sqlite");
  const database = new DatabaseSync(file);
  try {
    // A checkpoint syncs twice: every 32 MiB instead of every 4 keeps most commits at one sync.
    // NORMAL syncs at checkpoints only: without any sync a power cut could break the file, not just lose its end.
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${fsync === "always" ? "FULL" : "NORMAL"};
      PRAGMA wal_autocheckpoint = 8192;
      PRAGMA journal_size_limit = 67108864;
    `);
    database.exec(SCHEMA);
    return database;
  } catch (error) {
    database.close();
    if (isLocked(error))
      throw new Error(`Another gateway is using ${folder}: stop it, or set GATEWAY_DATA_DIR to a folder of its own.`, { cause: error });
    throw new Error(`Could not open ${file}: ${(error as Error).message}.`, { cause: error });
  }
};

const SQLITE_BUSY = 5;

const isLocked = (error: unknown): boolean => ((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY;
