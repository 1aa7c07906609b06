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

/** Who asks again for an operation that has no consumer gets the same answer for so long, unless one has come: to look at all links takes a while. */
const MISSING_FOR_MS = 1_000;

/**
 * Which operations have a consumer, as one shard of the mailbox sees it. A question costs one look into a map as long as the answer is yes. All
 * links are looked at only before it is no: memory may have been lost since they were opened, and other links may be left than the one that was lost.
 */
export const createPresence = ({ links, heard, now = Date.now, since = now() }: PresenceOptions) => {
  /** By operation, until when it has a consumer. */
  const presentUntil = new Map<string, number>();
  /** By operation, when it was found to have none. */
  const missedAt = new Map<string, number>();

  const isPresent = (operation: string): boolean => now() < (presentUntil.get(operation) ?? since + PRESENCE_GRACE_MS);

  const extend = ({ operations, until }: Handled): void => {
    for (const operation of operations) presentUntil.set(operation, Math.max(until, presentUntil.get(operation) ?? 0));
  };

  return {
    /** Must be called when a consumer has said hello, or was heard of otherwise. */
    came: extend,

    /** Must be called when a link is lost, with what its consumer handled. */
    lost(operations: readonly string[]): void {
      for (const operation of operations) presentUntil.set(operation, now() + PRESENCE_GRACE_MS);
    },

    /** Whether no consumer that handles the operation has been there for a while, nor since this memory began. */
    isMissing(operation: string): boolean {
      if (isPresent(operation)) return false;
      const missedForMs = now() - (missedAt.get(operation) ?? Number.NEGATIVE_INFINITY);
      if (missedForMs >= 0 && missedForMs < MISSING_FOR_MS) return true;
      for (const link of links()) extend(link);
      for (const consumer of heard.read(now())) extend(consumer);
      if (isPresent(operation)) return false;
      missedAt.set(operation, now());
      return true;
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

    /** @returns what it remembers then */
    write(operations: readonly string[], now: number): Handled {
      const until = now + HEARD_MS;
      sql.exec("CREATE TABLE IF NOT EXISTS heard (operations TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID");
      sql.exec("DELETE FROM heard WHERE until <= ?", now);
      sql.exec("INSERT OR REPLACE INTO heard (operations, until) VALUES (?, ?)", operations.toSorted().join(","), until);
      return { operations, until };
    },
  };
};

export type Heard = ReturnType<typeof createHeard>;
