import type { Sql } from "../mailbox/expiring-table.ts";

/** For how long an operation still counts as handled after its last link was lost: consumers that are deployed anew come back by then. */
export const PRESENCE_GRACE_MS = 5_000;

/** For how long a consumer counts as there that cannot open links, and says by `POST /replies` which operations it handles. It does so each minute. */
export const HEARD_MS = 90_000;

/** What somebody handles, and until when that can be relied on, in milliseconds since 1970. */
export type Handled = { readonly operations: readonly string[]; readonly until: number };

type PresenceOptions = {
  /** The links that are open to this shard, by consumers that have said hello. */
  readonly links: () => Iterable<Handled>;
  /** The consumers that were heard of otherwise. */
  readonly heard: Pick<Heard, "read">;
  readonly now?: () => number;
  /** Since when links could be opened, milliseconds since 1970. */
  readonly since?: number;
};

/**
 * Which operations have a consumer, as one shard of the mailbox sees it. A question costs one look into a map as long as the answer is yes. What the map
 * holds is read anew whenever a link comes or goes, and before the answer is no: memory may have been lost since, and a link that has pinged
 * is good for longer.
 */
export const createPresence = ({ links, heard, now = Date.now, since = now() }: PresenceOptions) => {
  /** By operation, until when it has a consumer. */
  let presentUntil = new Map<string, number>();

  const isPresent = (operation: string): boolean => now() < (presentUntil.get(operation) ?? since + PRESENCE_GRACE_MS);

  const refresh = (lost: readonly string[] = []): void => {
    const found = new Map<string, number>();
    for (const sources of [links(), heard.read(now())])
      for (const { operations, until } of sources)
        for (const operation of operations) found.set(operation, Math.max(until, found.get(operation) ?? 0));
    const graceUntil = now() + PRESENCE_GRACE_MS;
    for (const [operation, until] of presentUntil) if (!found.has(operation)) found.set(operation, Math.min(until, graceUntil));
    // Of these, the map may have held nothing.
    for (const operation of lost) if ((found.get(operation) ?? 0) < graceUntil) found.set(operation, graceUntil);
    presentUntil = found;
  };

  return {
    /** Must be called when a consumer has said hello, or was heard of otherwise, and, with what its consumer handled, when a link is lost. */
    refresh,
    /** Whether no consumer that handles the operation has been there for a while, nor since this memory began. */
    isMissing(operation: string): boolean {
      if (isPresent(operation)) return false;
      refresh();
      return !isPresent(operation);
    },
  };
};

export type Presence = ReturnType<typeof createPresence>;

/**
 * Remembers consumers that say which operations they handle without a link. It is in the database, since memory may be lost before they
 * say so again: a row for each set of operations.
 */
export const createHeard = (sql: Sql) => {
  const exists = (): boolean => sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'heard'").toArray().length > 0;

  return {
    read: (now: number): Handled[] =>
      !exists()
        ? []
        : sql
            .exec("SELECT operations, until FROM heard WHERE until > ?", now)
            .toArray()
            .map(({ operations, until }) => ({ operations: String(operations).split(","), until: until as number })),

    write(operations: readonly string[], now: number): void {
      if (operations.length === 0) return;
      sql.exec("CREATE TABLE IF NOT EXISTS heard (operations TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID");
      sql.exec("DELETE FROM heard WHERE until <= ?", now);
      sql.exec("INSERT OR REPLACE INTO heard (operations, until) VALUES (?, ?)", operations.toSorted().join(","), now + HEARD_MS);
    },
  };
};

export type Heard = ReturnType<typeof createHeard>;
