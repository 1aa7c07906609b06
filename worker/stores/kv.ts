import { isTerminal } from "../../protocol/states.ts";
import type { Outcome } from "../../protocol/reply-event.ts";
import { createArchive, type KeyValueStore, MIN_ARCHIVE_MS, putEach } from "../archive.ts";
import { expire, isOverdue } from "../mailbox/rules.ts";
import type { NewReply, StatusStore } from "../status-store.ts";

type KvStoreOptions = {
  readonly kv: KeyValueStore;
  readonly now?: () => number;
};

/** KV may answer "not found" for this long after a write, since it caches that too. */
const KV_STALENESS_MS = 60_000;

/**
 * Replies in Workers KV alone, without Durable Objects. Nothing can wake a waiter, only terminal replies are written, and a second one
 * overwrites the first. A reply that comes more than a minute after the deadline is dropped: it could be kept beside `expired`
 * only if there were no earlier reply, and KV may not show one yet.
 */
export const kvStore = ({ kv, now = Date.now }: KvStoreOptions): StatusStore => {
  const archive = createArchive(kv);

  const writeOne = async (reply: NewReply): Promise<Outcome> => {
    const { key, state, commit: details } = reply;
    if (isOverdue(key, now()) || key.expiresAt < now() + MIN_ARCHIVE_MS) return "late";
    if (!isTerminal(state)) return "stored";
    try {
      await archive.write(key, { ...reply, details, version: 1, updatedAt: now(), lateReply: null });
      return "stored";
    } catch (error) {
      console.error("KV did not take a reply; the consumer will send it again", error);
      return "retry";
    }
  };

  return {
    name: "kv",
    capabilities: { wait: false, duplicates: false, progress: false, lateReplies: false, idempotency: false },
    retryAfterSeconds: 30,

    async read(key) {
      const stored = await archive.read(key);
      // Until every location must see a reply that was written in time, the request is pending.
      if (stored !== undefined || !isOverdue(key, now() - KV_STALENESS_MS)) return stored;
      return expire(undefined, key.deadline);
    },

    readChunks: async () => [],

    async write(replies) {
      const outcomes: Outcome[] = [];
      await putEach(replies, async (reply, index) => {
        outcomes[index] = await writeOne(reply);
      });
      return outcomes;
    },
  };
};
