import type { KeptStatus } from "./mailbox/rules.ts";
import type { StatusKey, StoredChunks } from "./status-store.ts";

/** What this needs of a Workers KV namespace. */
export type KeyValueStore = {
  get(key: string): Promise<string | null>;
  put(key: string, value: string, options: { expiration: number }): Promise<void>;
};

/** KV refuses an expiry that is nearer than this. */
export const MIN_ARCHIVE_MS = 60_000;

/**
 * How long a mailbox keeps a status after KV has it: until every location has forgotten that the key was missing. So whoever asks KV for a
 * status that is younger than this asks for nothing.
 */
export const KEEP_AFTER_ARCHIVE_MS = 5 * 60_000;

/** Finished statuses in Workers KV, keyed by correlation ID, until the ID's expiry. */
export const createArchive = (kv: KeyValueStore) => ({
  async read(key: Pick<StatusKey, "text">): Promise<KeptStatus | undefined> {
    const text = await kv.get(key.text);
    return text === null ? undefined : readArchived(JSON.parse(text) as ArchivedStatus);
  },

  async write({ text, expiresAt }: Pick<StatusKey, "text" | "expiresAt">, status: KeptStatus): Promise<void> {
    const { state, version, updatedAt, operation, httpStatus, attempt, body, lateReply, replyId, details } = status;
    const value: KeptStatus = { state, version, updatedAt, operation, httpStatus, attempt, body, lateReply, replyId, details };
    await kv.put(text, JSON.stringify(value), { expiration: expirationOf(expiresAt) });
  },

  async readChunks({ text }: Pick<StatusKey, "text">): Promise<readonly StoredChunks[]> {
    return JSON.parse((await kv.get(chunksKey(text))) ?? "[]") as StoredChunks[];
  },

  /** Under a key of their own: a status that changes once more has the same chunks as before. */
  async writeChunks({ text, expiresAt }: Pick<StatusKey, "text" | "expiresAt">, chunks: readonly StoredChunks[]): Promise<void> {
    await kv.put(chunksKey(text), JSON.stringify(chunks), { expiration: expirationOf(expiresAt) });
  },
});

const chunksKey = (correlationId: string): string => `${correlationId}.chunks`;
const expirationOf = (expiresAt: number): number => Math.ceil(expiresAt / 1_000);

export type Archive = ReturnType<typeof createArchive>;

/** Of the six connections that a Worker may have: the produce path needs the others. */
const PUTS_AT_ONCE = 4;

/** Puts each item into KV, a few at once. `put` never rejects. */
export const putEach = async <Item>(items: readonly Item[], put: (item: Item, index: number) => Promise<void>): Promise<void> => {
  const queue = items.entries();
  const putNext = async (): Promise<void> => {
    for (const [index, item] of queue) await put(item, index);
  };
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, putNext));
};

/** Earlier versions wrote neither late replies nor who ended a request. */
type ArchivedStatus = Omit<KeptStatus, "lateReply" | "replyId"> & Partial<Pick<KeptStatus, "lateReply" | "replyId">>;

/** Under earlier versions, the mailbox itself ended nearly every request that expired. */
const readArchived = (status: ArchivedStatus): KeptStatus => ({
  lateReply: null,
  replyId: status.state === "expired" ? null : "",
  ...status,
});
