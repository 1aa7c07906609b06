import type { Log } from "../../environment/log.ts";
import { openSyncedFile } from "../../storage/synced-file.ts";
import type { Step } from "./store.ts";

/** The results of steps in a file. */
export type StepFile = {
  /** The result of a step, if it is recorded. */
  find(step: Step): string | undefined;
  /** Resolves once the result survives a power cut. Rejects if it may not, for example because the disk is full. */
  record(step: Step, result: string): Promise<void>;
  /** Records what waits, and closes the file. */
  close(): Promise<void>;
};

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS steps (
    correlation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    result TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (correlation_id, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS steps_expiry ON steps (expires_at);
`;

/** How often expired steps are looked for, and how many one transaction removes at most: whoever records a step waits for that. */
const SWEEP_MS = 60_000;
const SWEEP_ROWS = 200;

type Waiting = { readonly step: Step; readonly result: string; resolve(): void; reject(error: unknown): void };

/**
 * Opens the file of a folder, for this process alone. What is recorded in the same turn of the event loop shares a transaction, and a sync of the disk.
 * @throws Error if another process has the folder, or it cannot be written
 */
export const openStepFile = (folder: string, log: Pick<Log, "warn">): StepFile => {
  const { database, transact, committed, settled, close } = openSyncedFile(
    {
      folder,
      file: "once.sqlite",
      inUse: `Another process is using ${folder}: stop it, or set CONSUMER_DATA_DIR to a folder of its own.`,
      fsync: "always",
      version: 1,
      migrate: (database) => database.exec(SCHEMA),
    },
    log,
  );
  const select = database.prepare("SELECT result FROM steps WHERE correlation_id = ? AND name = ?");
  const insert = database.prepare("INSERT INTO steps (correlation_id, name, result, expires_at) VALUES (?, ?, ?, ?)");
  const remove = database.prepare(
    "DELETE FROM steps WHERE (correlation_id, name) IN (SELECT correlation_id, name FROM steps WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
  );
  let waiting: Waiting[] = [];
  let sweptAt = Number.NEGATIVE_INFINITY;

  const sweep = (): void => {
    const now = Date.now();
    if (now - sweptAt < SWEEP_MS) return;
    const { changes } = remove.run(now, SWEEP_ROWS);
    // With more of them left, the next transaction goes on.
    if (Number(changes) < SWEEP_ROWS) sweptAt = now;
  };

  const write = (batch: readonly Waiting[]): Promise<void> | undefined => {
    transact(() => {
      for (const { step, result } of batch) insert.run(step.correlationId, step.name, result, step.expiresAt);
      sweep();
    });
    committed(batch.reduce((pages, { result }) => pages + PAGES_OF_A_ROW + result.length / PAGE_BYTES, PAGES_OF_A_TRANSACTION));
    return settled();
  };

  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      await write(batch);
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };

  return {
    find: ({ correlationId, name }) => select.get(correlationId, name)?.["result"] as string | undefined,
    record: (step, result) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) setImmediate(() => void flush());
        waiting.push({ step, result, resolve, reject });
      }),
    async close() {
      await flush();
      await close();
    },
  };
};

/** What is written to the log, about: each row changes a page of the table and one of the index. */
const PAGES_OF_A_TRANSACTION = 2;
const PAGES_OF_A_ROW = 2;
const PAGE_BYTES = 4_096;
