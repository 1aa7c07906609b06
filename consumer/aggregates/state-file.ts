import { rmSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Log } from "../../environment/log.ts";
import type { CommandAnswer } from "../../protocol/commit-record.ts";
import { createCheckpointer } from "../../storage/checkpointer.ts";
import { createTransact, type DatabaseFile, openDatabaseFile } from "../../storage/database-file.ts";
import { type AggregateState, REMEMBERED_COMMANDS } from "../deciders/aggregate-runtime.ts";

/** What a file is of, and how far it is. */
export type StateMeta = {
  /** The event topic. */
  readonly topic: string;
  readonly partition: number;
  /** How many partitions the topic has. */
  readonly partitions: number;
  /** Of the partition (`protocol/position.ts`); empty before its first commit. */
  readonly generation: string;
  /** Of the decider that made the states. */
  readonly hash: string;
  /** The offset to read next. */
  readonly next: number;
};

/** A command that an aggregate remembers, and where its commit is. */
export type RememberedCommand = AggregateState<unknown>["commands"][number];

/** The states of the aggregates of one partition, in a file that can be made again from the log. */
export type StateFile = {
  readonly path: string;
  readonly database: DatabaseSync;
  /** Runs all writes of `run` or none. @throws what SQLite or `run` throws */
  transact<Result>(run: () => Result): Result;
  /** Tells of rows that others wrote into it. */
  wrote(rows: number): void;
  readMeta(): StateMeta | undefined;
  /** Begins anew: no aggregates, and these words about them. */
  reset(meta: StateMeta): void;
  /** The aggregate, without the commands that it remembers; undefined if it has no commit. */
  readState(id: string): AggregateState<unknown> | undefined;
  /** The last commands of an aggregate, oldest first. */
  readCommands(id: string): readonly RememberedCommand[];
  /** Where the commit of a remembered command is, and the version that the aggregate had with it. */
  findCommit(id: string, command: string): { readonly offset: number; readonly version: number } | undefined;
  writeState(state: AggregateState<unknown>): void;
  writeCommand(id: string, version: number, offset: number, command: RememberedCommand): void;
  writeProgress(progress: Pick<StateMeta, "next" | "generation">): void;
  close(): Promise<void>;
};

type StateFileOptions = { readonly folder: string; readonly log: Pick<Log, "warn"> };

const FILE = "state.sqlite";
const VERSION = 1;
/** In a large file each row that is changed is on a page of its own. */
const PAGES_PER_WRITE = 1;

/** Removes the file of a partition, for one that cannot be read or used. */
export const removeStateFile = (folder: string): void => {
  for (const name of [FILE, `${FILE}-wal`, `${FILE}-shm`]) rmSync(join(folder, name), { force: true });
};

/**
 * Opens the file of a partition, for this process alone. A transaction is not synced: what a power cut takes is read again from the log.
 * @throws Error as `openDatabaseFile` does
 */
export const openStateFile = ({ folder, log }: StateFileOptions): StateFile => {
  const file: DatabaseFile = openDatabaseFile(
    { folder, file: FILE, inUse: `Another process has ${folder}.`, synchronous: "NORMAL", version: VERSION, migrate },
    log,
  );
  try {
    return readFile(file, log);
  } catch (error) {
    file.close();
    throw error;
  }
};

const readFile = (file: DatabaseFile, log: Pick<Log, "warn">): StateFile => {
  const { database, path } = file;
  const checkpointer = createCheckpointer(database, path, log);
  const transact = createTransact(database);
  const selectMeta = database.prepare("SELECT topic, partition, partitions, generation, hash, next FROM log_partition");
  const selectState = database.prepare("SELECT last, version, state FROM aggregates WHERE id = ?");
  const selectCommands = database.prepare("SELECT command, answer FROM commands WHERE id = ? ORDER BY version");
  const selectCommit = database.prepare("SELECT commit_offset AS offset, version FROM commands WHERE id = ? AND command = ?");
  const upsertState = database.prepare(
    "INSERT INTO aggregates (id, last, version, state) VALUES (?, ?, ?, ?)" +
      " ON CONFLICT (id) DO UPDATE SET last = excluded.last, version = excluded.version, state = excluded.state",
  );
  const insertCommand = database.prepare(
    "INSERT OR REPLACE INTO commands (commit_offset, id, version, command, answer) VALUES (?, ?, ?, ?, ?)",
  );
  const forgetCommands = database.prepare("DELETE FROM commands WHERE id = ? AND version <= ?");
  const updateProgress = database.prepare("UPDATE log_partition SET next = ?, generation = ?");
  let writes = 0;

  return {
    path,
    database,
    transact(run) {
      writes = 1;
      const result = transact(run);
      checkpointer.wrote(writes * PAGES_PER_WRITE);
      return result;
    },
    wrote: (rows) => checkpointer.wrote(rows * PAGES_PER_WRITE),
    readMeta: () => selectMeta.get() as StateMeta | undefined,
    reset(meta) {
      const { topic, partition, partitions, generation, hash, next } = meta;
      database.exec("DELETE FROM aggregates; DELETE FROM commands; DELETE FROM log_partition");
      database
        .prepare("INSERT INTO log_partition (topic, partition, partitions, generation, hash, next) VALUES (?, ?, ?, ?, ?, ?)")
        .run(topic, partition, partitions, generation, hash, next);
    },
    readState(id) {
      const row = selectState.get(id) as { last: string; version: number; state: string } | undefined;
      if (row === undefined) return undefined;
      return { id, last: row.last, version: row.version, state: JSON.parse(row.state) as unknown, commands: [] };
    },
    readCommands(id) {
      const rows = selectCommands.all(id) as { command: string; answer: string | null }[];
      return rows.map(({ command, answer }) => ({
        command,
        answer: answer === null ? undefined : (JSON.parse(answer) as CommandAnswer),
      }));
    },
    findCommit: (id, command) => selectCommit.get(id, command) as { offset: number; version: number } | undefined,
    writeState({ id, last, version, state }) {
      writes += 1;
      upsertState.run(id, last, version, JSON.stringify(state ?? null));
      if (version > REMEMBERED_COMMANDS) forgetCommands.run(id, version - REMEMBERED_COMMANDS);
    },
    writeCommand(id, version, offset, { command, answer }) {
      writes += 1;
      const text = answer === undefined ? null : JSON.stringify(answer);
      insertCommand.run(offset, id, version, command, text);
    },
    writeProgress: ({ next, generation }) => void updateProgress.run(next, generation),
    async close() {
      await checkpointer.close();
      file.close();
    },
  };
};

// Commands are in the order of the log: a replay appends to their table, instead of writing a page for each.
const migrate = (database: DatabaseSync): void =>
  database.exec(`
    PRAGMA cache_size = -16384;
    CREATE TABLE IF NOT EXISTS log_partition (
      topic TEXT NOT NULL, partition INTEGER NOT NULL, partitions INTEGER NOT NULL, generation TEXT NOT NULL, hash TEXT NOT NULL, next INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS aggregates (
      id TEXT PRIMARY KEY, last TEXT NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS commands (
      commit_offset INTEGER PRIMARY KEY, id TEXT NOT NULL, version INTEGER NOT NULL, command TEXT NOT NULL, answer TEXT
    );
    CREATE INDEX IF NOT EXISTS commands_of_id ON commands (id, version);
  `);
