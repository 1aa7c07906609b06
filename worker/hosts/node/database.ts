import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Log } from "../../../environment/log.ts";
import { openSyncedFile, type SyncedFileOptions } from "../../../storage/synced-file.ts";
import type { Sql } from "../../mailbox/expiring-table.ts";

type MailboxDatabaseOptions = Pick<SyncedFileOptions, "folder" | "fsync" | "onSynced">;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS key_values (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS key_values_expiry ON key_values (expires_at);
  CREATE TABLE IF NOT EXISTS api_keys (id TEXT PRIMARY KEY, record TEXT NOT NULL, used_on TEXT) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY, number INTEGER NOT NULL, room BLOB NOT NULL) STRICT;
`;

/** The file of a mailbox: its rows, which `worker/mailbox/rows.ts` makes, and what is in KV on Cloudflare. */
export const openMailboxDatabase = ({ folder, fsync, onSynced }: MailboxDatabaseOptions, log: Pick<Log, "warn">) => {
  const { database, transact, committed, settled, failure, close } = openSyncedFile(
    {
      folder,
      file: "mailbox.sqlite",
      inUse: `Another process is using ${folder}: stop it, or set MAILBOX_DATA_DIR to a folder of its own.`,
      fsync,
      onSynced,
      version: 1,
      migrate: (database) => database.exec(SCHEMA),
    },
    log,
  );
  const sql = createSql(database);
  const probe = database.prepare("INSERT OR REPLACE INTO probe (id, number, room) VALUES (1, ?, zeroblob(?))");
  const size = database.prepare("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size");
  let counted = 0;
  let probes = 0;
  /** Why the last write failed, if it did. */
  let refusal: unknown;

  const write = <Result>(run: () => Result): Result => {
    try {
      const result = transact(run);
      refusal = undefined;
      return result;
    } catch (error) {
      refusal = error;
      throw error;
    }
  };

  return {
    database,
    sql,
    /** Runs all of it or nothing, and resolves once that is durable. @throws what SQLite, the disk or `run` throws; then nobody may be told */
    transaction<Result>(run: () => Result): Result | Promise<Result> {
      const result = write(run);
      committed(PAGES_OF_A_TRANSACTION + (sql.bytes() - counted) / USED_OF_A_PAGE);
      counted = sql.bytes();
      const settling = settled();
      return settling === undefined ? result : settling.then(() => result);
    },
    /** Why the last commits may not be durable, and nobody may be told of them. */
    failure,
    /** Resolves once all that was committed is durable. Rejects if the disk refuses. */
    settled,
    /** Tries to write, and returns why that is not possible; undefined if it is. */
    probe(): unknown {
      try {
        // A little always fits into what a write that failed has left over.
        const room = refusal === undefined ? 0 : ROOM_BYTES;
        write(() => probe.run(probes++, room));
        return failure();
      } catch (error) {
        return error;
      }
    },
    /** The size of the file. */
    bytes: (): number => Number(size.get()?.["bytes"]),
    close,
  };
};

export type MailboxDatabase = ReturnType<typeof openMailboxDatabase>;

/** What a transaction writes to the log, about: a few pages of the tree, and its rows. */
const PAGES_OF_A_TRANSACTION = 3;
const USED_OF_A_PAGE = 2_048;

/** What must fit on the disk before it counts as having room again. */
const ROOM_BYTES = 256 * 1024;

/** The statements that are kept prepared: more than one mailbox uses between two sweeps. */
const MAX_STATEMENTS = 200;

type Value = string | number | null;

/** The call of a Durable Object's SQL storage, on another database. A query is prepared once, and found again by its text. */
export const createSql = (database: DatabaseSync): Sql & { bytes(): number } => {
  const statements = new Map<string, { readonly statement: StatementSync; readonly isRead: boolean }>();
  let bytes = 0;
  const prepare = (query: string) => {
    let prepared = statements.get(query);
    if (prepared === undefined) {
      const [oldest] = statements.keys();
      if (statements.size >= MAX_STATEMENTS && oldest !== undefined) statements.delete(oldest);
      const statement = database.prepare(query);
      statements.set(query, (prepared = { statement, isRead: statement.columns().length > 0 }));
    }
    return prepared;
  };
  return {
    exec(query: string, ...values: Value[]) {
      const { statement, isRead } = prepare(query);
      if (isRead) {
        const found = statement.all(...values) as Record<string, unknown>[];
        return { rowsWritten: 0, toArray: () => found };
      }
      for (const value of values) bytes += typeof value === "string" ? value.length + 8 : 8;
      return { rowsWritten: Number(statement.run(...values).changes), toArray: () => [] };
    },
    /** How many bytes were written so far, about. */
    bytes: () => bytes,
  };
};
