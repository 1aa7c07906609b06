import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";

/** The statements that are kept prepared: more than one mailbox uses between two sweeps. */
const MAX_STATEMENTS = 200;

type Value = string | number | null;

/** Opens the file of rows and key-values. */
export const openDatabase = (directory: string): DatabaseSync => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(directory, "mailbox.sqlite"));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  return database;
};

/** The call of a Durable Object's SQL storage, on another database. A query is prepared once, and found again by its text. */
export const createSql = (database: DatabaseSync) => {
  const statements = new Map<string, StatementSync>();
  const prepare = (query: string): StatementSync => {
    let statement = statements.get(query);
    if (statement === undefined) {
      const [oldest] = statements.keys();
      if (statements.size >= MAX_STATEMENTS && oldest !== undefined) statements.delete(oldest);
      statements.set(query, (statement = database.prepare(query)));
    }
    return statement;
  };
  return {
    exec(query: string, ...values: Value[]) {
      const found = prepare(query).all(...values);
      return { toArray: () => found as Record<string, unknown>[] };
    },
  };
};

/** Runs all of it or nothing. @throws what SQLite or `run` throws, and then nothing was written */
export const createTransaction = (database: DatabaseSync) => {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  return <T>(run: () => T): T => {
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
