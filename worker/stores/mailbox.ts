import type { Outcome } from "../../protocol/reply-event.ts";
import type { Mailbox } from "../mailbox/durable-object.ts";
import type { Delivery, ReplyStore, RequestResult, StatusKey } from "../reply-store.ts";

export type MailboxStoreOptions = {
  readonly namespace: DurableObjectNamespace<Mailbox>;
  readonly locationHint?: DurableObjectLocationHint | undefined;
};

/** Replies in Durable Objects, one a shard. The shard is part of the ID, so the number of shards may change at any time. */
export const mailboxStore = ({ namespace, locationHint }: MailboxStoreOptions): ReplyStore => {
  const shard = (number: number) =>
    namespace.get(namespace.idFromName(`shard-${number}`), locationHint === undefined ? {} : { locationHint });

  return {
    name: "mailbox",
    capabilities: { wait: true, duplicates: true, progress: true },
    retryAfterSeconds: 1,

    async request(key, record, waitMs): Promise<RequestResult> {
      try {
        return await shard(key.shard).request(key, record, waitMs);
      } catch (error) {
        // An overloaded object has not begun the call; one that was reset may have produced.
        if ((error as { overloaded?: boolean }).overloaded === true) return { outcome: "overloaded" };
        return { outcome: "unknown", detail: "The mailbox was reset while it produced the request." };
      }
    },

    read: (key: StatusKey, waitMs: number, known = []) => shard(key.shard).read(key, waitMs, known),

    async deliver(deliveries) {
      const outcomes: Outcome[] = Array.from(deliveries, () => "retry");
      await Promise.all(
        groupByShard(deliveries).map(async ([number, indexes]) => {
          const stored = await shard(number)
            .deliver(indexes.map((index) => deliveries[index] as Delivery))
            .catch(logAndRetry);
          for (const [position, index] of indexes.entries()) outcomes[index] = stored?.[position] ?? "retry";
        }),
      );
      return outcomes;
    },
  };
};

const groupByShard = (deliveries: readonly Delivery[]): [shard: number, indexes: number[]][] => {
  const groups = new Map<number, number[]>();
  for (const [index, { key }] of deliveries.entries()) {
    const group = groups.get(key.shard);
    if (group === undefined) groups.set(key.shard, [index]);
    else group.push(index);
  }
  return [...groups];
};

const logAndRetry = (error: unknown): undefined => {
  console.error("A mailbox did not take its replies; the consumer will send them again", error);
};
