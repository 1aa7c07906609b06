import type { DatabaseSync } from "node:sqlite";
import type { Log } from "../../environment/log.ts";
import { createTransact, type DatabaseFile, openDatabaseFile } from "../../storage/database-file.ts";
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
`;

/**
 * Opens the log's file, for this process alone.
 * @throws Error if another process has it, the folder cannot be written, or a later version wrote the file.
 */
export const openDatabase = (folder: string, fsync: Fsync, log: Pick<Log, "warn">): DatabaseFile =>
  openDatabaseFile(
    {
      folder,
      file: "log.sqlite",
      inUse: `Another gateway is using ${folder}: stop it, or set GATEWAY_DATA_DIR to a folder of its own.`,
      synchronous: fsync === "always" ? "FULL" : "NORMAL",
      version: VERSION,
      migrate(database, version) {
        shrinkable(database);
        database.exec(SCHEMA);
        if (version === 1) divideRecords(database);
      },
    },
    log,
  );

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
