import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fstatSync, fsyncSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createTransact } from "../../storage/database-file.ts";
import { isSqliteError } from "../../storage/sqlite-errors.ts";
import { KeysUnavailableError, MissingKeyError, type SubjectKeys } from "./subject-keys.ts";

/** What is known of a subject. Times are milliseconds since 1970. */
export type Subject = {
  readonly subject: string;
  /** Absent: it has no key. */
  readonly keyMadeAt?: number;
  /** Absent: it never was. Both: it was forgotten, and there is new data of it. */
  readonly forgottenAt?: number;
};

/** The keys of all subjects, in a file that several processes may have open. */
export type SubjectFile = SubjectKeys & {
  readonly path: string;
  /** Deletes the key of a subject. What was encrypted by it reads as null from then on, for ever. Returns whether there was one. */
  forget(subject: string): boolean;
  show(subject: string): Subject | undefined;
  /** All of them, by name. */
  list(): Iterable<Subject>;
};

export type SubjectFileOptions = {
  /** Made if it is not there. */
  readonly folder: string;
  readonly now?: () => number;
  readonly random?: (bytes: number) => Uint8Array;
};

const FILE = "subjects.sqlite";
const KEY_BYTES = 32;
const ID_BYTES = 9;
const PAGE = 1_000;
/** Keys in memory. Most events of one aggregate are about one subject. */
const CACHED = 10_000;

type Row = {
  readonly key_id: string | null;
  readonly key: Uint8Array | null;
  readonly made_at: number | null;
  readonly forgotten_at: number | null;
};

/** Whether there is a file of keys in a folder. */
export const hasSubjectFile = (folder: string): boolean => existsSync(join(folder, FILE));

/**
 * Opens the file of keys, for this process and others beside it. A key is durable when it is given out, and overwritten when it is deleted.
 * @throws Error if the file cannot be read or written
 */
export const openSubjectFile = ({ folder, now = Date.now, random = randomBytes }: SubjectFileOptions): SubjectFile => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, FILE);
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
  const database = new DatabaseSync(path);
  // A journal that stays can be overwritten: a log that is cut leaves keys on the disk.
  database.exec(`
    PRAGMA busy_timeout = 5000;
    PRAGMA secure_delete = ON;
    PRAGMA journal_mode = PERSIST;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS subjects (subject TEXT PRIMARY KEY, key_id TEXT, key BLOB, made_at INTEGER, forgotten_at INTEGER) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS forgettings (one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL) STRICT;
    INSERT OR IGNORE INTO forgettings VALUES (1, 0);
  `);
  const transact = createTransact(database);
  const select = database.prepare("SELECT key_id, key, made_at, forgotten_at FROM subjects WHERE subject = ?");
  const selectPage = database.prepare("SELECT subject, made_at, forgotten_at FROM subjects WHERE subject > ? ORDER BY subject LIMIT ?");
  const insert = database.prepare(
    "INSERT INTO subjects (subject, key_id, key, made_at) VALUES (?, ?, ?, ?)" +
      " ON CONFLICT (subject) DO UPDATE SET key_id = excluded.key_id, key = excluded.key, made_at = excluded.made_at WHERE key IS NULL",
  );
  const clear = database.prepare(
    "INSERT INTO subjects (subject, forgotten_at) VALUES (?, ?)" +
      " ON CONFLICT (subject) DO UPDATE SET key_id = NULL, key = NULL, made_at = NULL, forgotten_at = excluded.forgotten_at",
  );
  const count = database.prepare("UPDATE forgettings SET count = count + 1");
  const selectCount = database.prepare("SELECT count FROM forgettings");
  const cache = new Map<string, { readonly id: string; readonly key: Uint8Array }>();
  let cachedAt = 0;

  const epoch = (): number => unlessUnavailable(() => Number(selectCount.get()?.["count"]));
  const read = (subject: string): Row | undefined => select.get(subject) as Row | undefined;
  const remember = (subject: string, id: string, key: Uint8Array): void => {
    if (cache.size >= CACHED) cache.clear();
    cache.set(subject, { id, key });
  };

  /** Overwrites the journal, which has the pages as they were. Nobody writes meanwhile. */
  const scrubJournal = (): void =>
    transact(() => {
      const journal = openSync(`${path}-journal`, "r+");
      try {
        const { size } = fstatSync(journal);
        if (size > 0) writeSync(journal, Buffer.alloc(size), 0, size, 0);
        fsyncSync(journal);
      } finally {
        closeSync(journal);
      }
    });

  return {
    path,
    epoch() {
      const current = epoch();
      // Another process may have forgotten one that is in memory here.
      if (current !== cachedAt) cache.clear();
      return (cachedAt = current);
    },
    keyFor(subject) {
      // Never from memory: it may have been forgotten this moment.
      const { key_id: id, key } = unlessUnavailable(() => {
        const row = read(subject);
        if (row?.key != null) return row;
        const id = Buffer.from(random(ID_BYTES)).toString("base64url");
        transact(() => insert.run(subject, id, random(KEY_BYTES), now()));
        return read(subject);
      }) as { readonly key_id: string; readonly key: Uint8Array };
      remember(subject, id, key);
      return { id, key };
    },
    find(subject, id) {
      const known = cache.get(subject);
      if (known?.id === id) return known.key;
      const row = unlessUnavailable(() => read(subject));
      if (row?.key != null && row.key_id !== null) {
        remember(subject, row.key_id, row.key);
        if (row.key_id === id) return row.key;
      }
      if (row?.forgotten_at != null) return null;
      throw new MissingKeyError(
        `The key of subject ${JSON.stringify(subject)} is not in ${path}. Bring back the file that it was made in. If it is lost for good: rejoinder subjects forget`,
      );
    },
    forget(subject) {
      const had = transact(() => {
        const before = read(subject);
        clear.run(subject, now());
        count.run();
        return before?.key != null;
      });
      cache.delete(subject);
      scrubJournal();
      return had;
    },
    show(subject) {
      const row = read(subject);
      return row && subjectOf({ ...row, subject });
    },
    *list() {
      let after = "";
      for (;;) {
        const rows = selectPage.all(after, PAGE) as (Pick<Row, "made_at" | "forgotten_at"> & { readonly subject: string })[];
        yield* rows.map(subjectOf);
        if (rows.length < PAGE) return;
        after = rows.at(-1)?.subject ?? "";
      }
    },
    close() {
      if (database.isOpen) database.close();
    },
  };
};

const unlessUnavailable = <Result>(run: () => Result): Result => {
  try {
    return run();
  } catch (error) {
    if (!isSqliteError(error)) throw error;
    // Not its cause: the file is not the one of whoever reads events.
    throw new KeysUnavailableError(`The keys of personal data cannot be used now: ${(error as Error).message}`);
  }
};

const subjectOf = ({ subject, made_at, forgotten_at }: Pick<Row, "made_at" | "forgotten_at"> & { readonly subject: string }): Subject => ({
  subject,
  ...(made_at === null ? {} : { keyMadeAt: made_at }),
  ...(forgotten_at === null ? {} : { forgottenAt: forgotten_at }),
});
