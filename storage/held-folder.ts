import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Log } from "../environment/log.ts";

export type HeldFolderOptions = {
  readonly folder: string;
  /** The files of SQLite in it, beside the lock. */
  readonly files: readonly string[];
  /** What the second process hears that wants the folder. */
  readonly inUse: string;
};

/** A folder that no other process has. */
export type HeldFolder = {
  /** Lets another process have it. */
  release(): void;
};

const LOCK_FILE = "lock.sqlite";
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const STICKY = 0o1000;

/**
 * Makes a folder if it is not there, and holds it for this process alone. Keeps other users out of it and its files, or warns that it cannot.
 * @throws Error if another process has it, or it cannot be written
 */
export const holdFolder = ({ folder, files, inUse }: HeldFolderOptions, log: Pick<Log, "warn">): HeldFolder => {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  keepOthersOut(folder, [...files, LOCK_FILE], log);
  const lock = new DatabaseSync(join(folder, LOCK_FILE));
  try {
    // SQLite's exclusive lock on a file of its own belongs to the process and ends with it, also by kill -9.
    lock.exec("BEGIN EXCLUSIVE");
    return { release: () => lock.close() };
  } catch (error) {
    lock.close();
    throw new Error(isLocked(error) ? inUse : `Could not hold ${folder}: ${(error as Error).message}.`, { cause: error });
  }
};

/** Makes the files before SQLite does. What SQLite makes beside a database later has the mode of the database. */
const keepOthersOut = (folder: string, names: readonly string[], log: Pick<Log, "warn">): void => {
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

const SQLITE_BUSY = 5;

const isLocked = (error: unknown): boolean => ((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY;
