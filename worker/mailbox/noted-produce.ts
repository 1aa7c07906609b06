import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import { PRODUCE_TIMEOUT_MS } from "../producer.ts";
import type { StatusKey } from "../status-store.ts";
import type { RequestedWebhook } from "../webhooks/delivery.ts";
import type { GroupedWrites } from "./grouped-writes.ts";
import type { ProduceBatches } from "./produce-batches.ts";
import type { Rows } from "./rows.ts";

type RequestNotesOptions = {
  readonly rows: Pick<Rows, "index" | "webhooks">;
  /** Whether requests are kept in the index. */
  readonly isIndexed: boolean;
};

/**
 * What a mailbox keeps of a request from before its record leaves: its place in the index, and who wants to hear of its end. Both calls are made
 * within a transaction.
 */
export const createRequestNotes = ({ rows, isIndexed }: RequestNotesOptions) => ({
  /** Whether there is something to keep. */
  hasAny: (webhook: RequestedWebhook | undefined): boolean => isIndexed || webhook !== undefined,

  add(key: StatusKey, record: ProducerRecord, webhook: RequestedWebhook | undefined): void {
    if (webhook !== undefined) rows.webhooks.register(key, webhook);
    if (isIndexed) rows.index.add(key, record);
  },

  /** Forgets a request that was not sent. */
  remove(key: StatusKey): void {
    rows.webhooks.remove(key.text);
    if (isIndexed) rows.index.remove(key);
  },
});

export type RequestNotes = ReturnType<typeof createRequestNotes>;

type NotedProduceParts = {
  readonly notes: RequestNotes;
  readonly batches: ProduceBatches;
  readonly write: GroupedWrites;
  readonly ensureAlarm: () => Promise<void>;
  readonly now: () => number;
  readonly logError: (message: string, error: unknown) => void;
};

/** Produces the record of a new request. Never rejects. */
export type NotedProduce = ReturnType<typeof createNotedProduce>;

/**
 * Has new requests produced. What is kept of one is there before its record leaves, so what was accepted is never missing; what certainly was not
 * stored is forgotten.
 */
export const createNotedProduce = ({ notes, batches, write, ensureAlarm, now, logError }: NotedProduceParts) => {
  type Produced = ReturnType<ProduceBatches["produce"]>;
  const noteAndProduce = async (key: StatusKey, record: ProducerRecord, webhook: RequestedWebhook | undefined): Produced => {
    const deadline = now() + PRODUCE_TIMEOUT_MS;
    try {
      await write(key, () => notes.add(key, record, webhook));
    } catch (error) {
      logError("What is kept of a request could not be written down", error);
      return { outcome: "unavailable", detail: "What is kept of the request could not be written down, and nothing was sent." };
    }
    void ensureAlarm();
    const produced = await batches.produce(record, deadline);
    if (produced.outcome !== "stored" && produced.outcome !== "unknown")
      await write(key, () => notes.remove(key)).catch((error: unknown) =>
        logError("A request that was not sent stays in the index and has its webhook, until it expires", error),
      );
    return produced;
  };
  return (key: StatusKey, record: ProducerRecord, webhook?: RequestedWebhook): Produced =>
    notes.hasAny(webhook) ? noteAndProduce(key, record, webhook) : batches.produce(record, now() + PRODUCE_TIMEOUT_MS);
};
