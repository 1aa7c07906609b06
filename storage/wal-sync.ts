import { closeSync, fdatasync, fdatasyncSync, fstatSync, fsyncSync, openSync, writeSync } from "node:fs";

/** The calls of `node:fs` that wait for the disk. */
export type Disk = {
  fdatasync(file: number, callback: (error: Error | null) => void): void;
  fdatasyncSync(file: number): void;
};

const platformDisk: Disk = { fdatasync, fdatasyncSync };

export type WalSyncOptions = {
  /** The file of SQLite, open in this process with `synchronous = NORMAL`, and written to at least once. */
  readonly path: string;
  /** Brings all that was committed into the file itself, and onto the disk: after a sync that failed, another one proves nothing. */
  readonly repair: () => void;
  /** Called with how long a sync took. */
  readonly onSynced?: (seconds: number) => void;
  readonly disk?: Disk;
  /** In milliseconds, from any point. */
  readonly clock?: () => number;
};

/**
 * Makes commits durable by syncs of the write-ahead log. On a fast disk this thread waits for each. On a slow one another thread does, and all that
 * is committed meanwhile shares the next sync, so that neither a commit nor the event loop waits for the disk.
 */
export type WalSync = {
  /** Says that something was committed. */
  committed(): void;
  /** Resolves once all that was committed so far is durable; undefined if it is. Rejects if the disk refuses. */
  settled(): Promise<void> | undefined;
  /** Why the last sync failed, if it did. */
  failure(): unknown;
  /** Waits for a sync that runs, and lets go of the file. */
  close(): Promise<void>;
};

type Waiting = { resolve(): void; reject(error: unknown): void };

/** What the log usually grows to before it begins anew. To overwrite a file takes a disk half as long as to make it longer. */
const RESERVED_BYTES = 24 * 1024 * 1024;

/** A sync that takes longer costs whoever waits meanwhile more than the way to another thread and back does. */
const FAST_MS = 1;
/** A disk that was slow is tried again at one of so many syncs. */
const TRY_AGAIN_AT = 64;

export const createWalSync = ({
  path,
  repair,
  onSynced = () => {},
  disk = platformDisk,
  clock = () => performance.now(),
}: WalSyncOptions): WalSync => {
  // SQLite keeps this very file for as long as a connection is open. To close it again loses no lock: those are on other files.
  const file = openSync(`${path}-wal`, "r+");
  reserve(file);
  let isDirty = true;
  let isSyncing = false;
  let failure: unknown;
  let begunAt = 0;
  /** How long this thread waited when it last did, and how many syncs another thread has done since. */
  let waitedMs = 0;
  let syncsElsewhere = 0;
  /** Those for whom the sync that runs is enough, and those for whom it began too early. */
  let current: Waiting[] = [];
  let next: Waiting[] = [];

  const end = (error: unknown): void => {
    isSyncing = false;
    onSynced((clock() - begunAt) / 1_000);
    failure = error ?? undefined;
    if (failure !== undefined) isDirty = true;
    const ended = current;
    current = [];
    for (const { resolve, reject } of ended) {
      if (failure === undefined) resolve();
      else reject(failure);
    }
    if (next.length > 0 && !isSyncing) begin();
  };

  const begin = (): void => {
    isSyncing = true;
    syncsElsewhere++;
    current = next;
    next = [];
    isDirty = false;
    begunAt = clock();
    if (failure === undefined) disk.fdatasync(file, end);
    else end(errorOf(repair));
  };

  return {
    committed() {
      isDirty = true;
    },
    settled() {
      if (!isDirty && !isSyncing) return undefined;
      if (isDirty && !isSyncing && failure === undefined && (waitedMs <= FAST_MS || syncsElsewhere >= TRY_AGAIN_AT)) {
        begunAt = clock();
        const error = errorOf(() => disk.fdatasyncSync(file));
        waitedMs = clock() - begunAt;
        syncsElsewhere = 0;
        onSynced(waitedMs / 1_000);
        isDirty = error !== undefined;
        failure = error;
        return error === undefined ? undefined : Promise.reject(error as Error);
      }
      return new Promise((resolve, reject) => {
        (isDirty ? next : current).push({ resolve, reject });
        if (!isSyncing) begin();
      });
    },
    failure: () => failure,
    async close() {
      if (isSyncing) await new Promise<void>((resolve) => current.push({ resolve, reject: () => resolve() }));
      closeSync(file);
    },
  };
};

const errorOf = (run: () => void): unknown => {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
};

/** Appends zeros, which SQLite takes for the end of the log. */
const reserve = (file: number): void => {
  const zeros = Buffer.alloc(1024 * 1024);
  try {
    for (let end = fstatSync(file).size; end < RESERVED_BYTES; end += zeros.length) writeSync(file, zeros, 0, zeros.length, end);
    fsyncSync(file);
  } catch {
    // A disk without that much room: the log grows as it is written.
  }
};
