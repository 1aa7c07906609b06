import type { DatabaseSync } from "node:sqlite";
import type { KeyValueStore } from "../../archive.ts";

/** A key-value store that forgets. */
export type ExpiringKeyValues = KeyValueStore & {
  /** Deletes what has expired. */
  sweep(): void;
};

/** What Workers KV is on Cloudflare: values by key, until they expire. @param database of a mailbox @param now milliseconds since 1970 */
export const createKeyValues = (database: DatabaseSync, now: () => number): ExpiringKeyValues => {
  const find = database.prepare("SELECT value FROM key_values WHERE key = ? AND expires_at > ?");
  const put = database.prepare("INSERT OR REPLACE INTO key_values (key, value, expires_at) VALUES (?, ?, ?)");
  const deleteExpired = database.prepare("DELETE FROM key_values WHERE expires_at <= ?");
  return {
    async get(key) {
      return (find.get(key, now())?.["value"] as string | undefined) ?? null;
    },
    async put(key, value, { expiration }) {
      put.run(key, value, expiration * 1_000);
    },
    sweep: () => void deleteExpired.run(now()),
  };
};
