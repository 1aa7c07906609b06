import { topicPartitionKey } from "../../protocol/topic-partition.ts";
import { unlessAborted } from "../waiting.ts";
import type { EventLog, EventRecords } from "./event-log.ts";

/** How many reads are kept that nobody has asked for yet: each holds one answer. */
const MOST = 16;

/**
 * Begins the next read of a partition while the caller works on the records of this one, for as long as there are more: so a whole topic is read as
 * fast as the slower of both goes.
 */
export const readAhead = (read: EventLog["read"]): EventLog["read"] => {
  const begun = new Map<string, Promise<EventRecords | undefined>>();

  return async (from, options) => {
    const { signal, isAlone = false } = options;
    signal.throwIfAborted();
    const key = `${topicPartitionKey(from)}/${from.offset}`;
    const earlier = begun.get(key);
    begun.delete(key);
    const found = (earlier && (await unlessAborted(earlier, signal))) ?? (await read(from, options));
    if (!isAlone && found.records.length > 0 && found.next < found.end) {
      const next = { ...from, offset: found.next };
      // Whoever asks for it after it failed asks anew, by a signal of its own.
      const reading = read(next, { waitMs: 0, signal }).catch(() => undefined);
      begun.set(`${topicPartitionKey(from)}/${found.next}`, reading);
      const [oldest] = begun.keys();
      if (begun.size > MOST && oldest !== undefined) begun.delete(oldest);
    }
    return found;
  };
};
