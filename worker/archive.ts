import type { StatusKey, StoredStatus } from "./status-store.ts";

/** What this needs of a Workers KV namespace. */
export type KeyValueStore = {
  get(key: string): Promise<string | null>;
  put(key: string, value: string, options: { expiration: number }): Promise<void>;
};

/** KV refuses an expiry that is nearer than this. */
export const MIN_ARCHIVE_MS = 60_000;

/** Finished statuses in Workers KV, keyed by correlation ID, until the ID's expiry. */
export const createArchive = (kv: KeyValueStore) => ({
  async read(key: Pick<StatusKey, "text">): Promise<StoredStatus | undefined> {
    const text = await kv.get(key.text);
    return text === null ? undefined : (JSON.parse(text) as StoredStatus);
  },

  async write({ text, expiresAt }: Pick<StatusKey, "text" | "expiresAt">, status: StoredStatus): Promise<void> {
    const { state, version, updatedAt, operation, httpStatus, attempt, body } = status;
    const value: StoredStatus = { state, version, updatedAt, operation, httpStatus, attempt, body };
    await kv.put(text, JSON.stringify(value), { expiration: Math.ceil(expiresAt / 1_000) });
  },
});

export type Archive = ReturnType<typeof createArchive>;
