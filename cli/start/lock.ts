import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ExpectedError } from "../expected-error.ts";
import { recordedProcess, recordProcess } from "../processes/process-record.ts";

/** Another start holds the directory. */
export class DirectoryLockedError extends ExpectedError {
  override readonly name = "DirectoryLockedError";
}

/**
 * Takes a directory for this process until `release`, or until the process ends in whatever way:
 * SQLite's lock is one of the kernel, so no stale lock can remain.
 * @throws DirectoryLockedError naming the process that has it.
 */
export const lockDirectory = (directory: string): { release(): void } => {
  const database = new DatabaseSync(join(directory, "lock"));
  try {
    database.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) throw cause;
    const owner = recordedProcess(directory, "start");
    const who = owner === undefined ? "another start" : `process ${owner.pid}`;
    throw new DirectoryLockedError(`${directory} is in use by ${who}. Stop that one, or set REJOINDER_DIR and PORT for a second one.`, {
      cause,
    });
  }
  recordProcess(directory, "start", process.pid);
  return { release: () => database.close() };
};

const SQLITE_BUSY = 5;
