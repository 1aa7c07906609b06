import { isTerminal } from "../../protocol/states.ts";
import type { Outcome } from "../../protocol/reply-event.ts";
import { createArchive, type KeyValueStore, MIN_ARCHIVE_MS } from "../archive.ts";
import { expire, isOverdue } from "../mailbox/rules.ts";
import { PRODUCE_TIMEOUT_MS, type ProduceOutcome, type Producer } from "../producer.ts";
import type { Delivery, ReplyStore, RequestResult } from "../status-store.ts";

export type KvStoreOptions = {
  readonly kv: KeyValueStore;
  readonly producer: Producer;
  readonly now?: () => number;
};

/** KV may answer "not found" for this long after a write, since it caches that too. */
const KV_STALENESS_MS = 60_000;
const PUTS_AT_ONCE = 4;

/**
 * Replies in Workers KV alone, for those who want no Durable Object. Nothing can wake a waiter, nothing is written but the
 * terminal reply, and nothing after the grace past the deadline: so once KV must have shown a reply that exists, `expired` is final.
 */
export const kvStore = ({ kv, producer, now = Date.now }: KvStoreOptions): ReplyStore => {
  const archive = createArchive(kv);

  const deliverOne = async (delivery: Delivery): Promise<Outcome> => {
    const { key, state } = delivery;
    if (isOverdue(key, now()) || key.expiresAt < now() + MIN_ARCHIVE_MS) return "late";
    if (!isTerminal(state)) return "stored";
    try {
      await archive.write(key, { ...delivery, version: 1, updatedAt: now() });
      return "stored";
    } catch (error) {
      console.error("KV did not take a reply; the consumer will send it again", error);
      return "retry";
    }
  };

  return {
    name: "kv",
    capabilities: { wait: false, duplicates: false, progress: false },
    retryAfterSeconds: 30,

    async request(_key, record): Promise<RequestResult> {
      const [produced] = (await producer.produce([record], now() + PRODUCE_TIMEOUT_MS)) as [ProduceOutcome];
      return produced.outcome === "stored" ? { outcome: "stored", status: undefined } : produced;
    },

    async read(key) {
      const stored = await archive.read(key);
      if (stored !== undefined || !isOverdue(key, now() - KV_STALENESS_MS)) return stored;
      return expire(undefined, key.deadline);
    },

    async deliver(deliveries) {
      const outcomes: Outcome[] = [];
      const queue = deliveries.entries();
      const takeEach = async (): Promise<void> => {
        for (const [index, delivery] of queue) outcomes[index] = await deliverOne(delivery);
      };
      await Promise.all(Array.from({ length: PUTS_AT_ONCE }, takeEach));
      return outcomes;
    },
  };
};
