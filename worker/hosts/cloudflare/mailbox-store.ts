import type { Outcome } from "../../../protocol/reply-event.ts";
import type { MailboxObject, ReadCall, RequestCall } from "./mailbox-object.ts";
import { PRODUCE_TIMEOUT_MS, sizeOfRecord } from "../../producer.ts";
import type { Delivery, ReadResult, ReplyStore, RequestResult, StatusKey } from "../../status-store.ts";
import { createGathering } from "./call-batcher.ts";

export type MailboxStoreOptions = {
  readonly namespace: DurableObjectNamespace<MailboxObject>;
  readonly locationHint?: DurableObjectLocationHint | undefined;
};

/** How much later than it has to a mailbox may answer, until it is taken for lost. */
const GRACE_MS = 5_000;

/** Replies in Durable Objects, one a shard. The shard is part of the ID, so the number of shards may change at any time. */
export const mailboxStore = ({ namespace, locationHint }: MailboxStoreOptions): ReplyStore => {
  const shard = (number: number) =>
    namespace.get(namespace.idFromName(`shard-${number}`), locationHint === undefined ? {} : { locationHint });
  const request = createByShard((number) =>
    createGathering<RequestCall, RequestResult>({
      callMany: (calls, tellEarly) => shard(number).requests(calls, tellEarly),
      sizeOf: ({ record }) => sizeOfRecord(record),
    }),
  );
  const read = createByShard((number) =>
    createGathering<ReadCall, ReadResult>({
      callMany: (calls, tellEarly) => shard(number).reads(calls, tellEarly),
      sizeOf: ({ key }) => key.text.length,
    }),
  );

  return {
    name: "mailbox",
    capabilities: { wait: true, duplicates: true, progress: true },
    retryAfterSeconds: 1,

    async request(key, record, waitMs): Promise<RequestResult> {
      try {
        return await request(key.shard)({ key, record, waitMs }, Math.max(waitMs, PRODUCE_TIMEOUT_MS) + GRACE_MS);
      } catch (error) {
        // An overloaded object has not begun the call; one that was reset may have produced.
        if ((error as { overloaded?: boolean }).overloaded === true) return { outcome: "overloaded" };
        return { outcome: "unknown", detail: "The mailbox was reset while it produced the request." };
      }
    },

    read: (key: StatusKey, waitMs: number, known = []) => read(key.shard)({ key, waitMs, known }, waitMs + GRACE_MS),

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

/** One for each shard, made when it is first asked for. */
const createByShard = <Value>(create: (number: number) => Value): ((number: number) => Value) => {
  const created = new Map<number, Value>();
  return (number) => {
    let value = created.get(number);
    if (value === undefined) created.set(number, (value = create(number)));
    return value;
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
