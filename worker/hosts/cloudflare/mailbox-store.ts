import type { Outcome } from "../../../protocol/reply-event.ts";
import { RejoinderError } from "../../../protocol/errors.ts";
import type { Consumers } from "../../link/consumers.ts";
import type { OpenLink } from "../../link/link-route.ts";
import { PRODUCE_TIMEOUT_MS, sizeOfRecord } from "../../producer.ts";
import { type ListRequests, mergePages } from "../../request-index.ts";
import type { Caller, PublishResult, RedriveResult, RequestPublisher } from "../../request-publisher.ts";
import type { NewReply, ReadResult, StatusStore } from "../../status-store.ts";
import { createCallBatcher } from "./call-batcher.ts";
import type { MailboxObject, ReadCall, RequestCall } from "./mailbox-object.ts";

type MailboxStoreOptions = {
  readonly namespace: DurableObjectNamespace<MailboxObject>;
  readonly locationHint?: DurableObjectLocationHint | undefined;
  /** How many shards have links before there are replies: those where consumers are known. A list asks these. */
  readonly linkedShards?: number;
};

type MailboxStore = RequestPublisher &
  StatusStore & { readonly openLink: OpenLink; readonly consumers: Consumers; readonly list: ListRequests };

/** How much longer than its work takes a mailbox may take to answer before it counts as lost. */
const GRACE_MS = 5_000;

/**
 * Mailboxes in Durable Objects, one a shard. Publishing and waiting for the reply are one call of the object. The shard is part of the ID,
 * so the number of shards may change at any time.
 */
export const mailboxStore = ({ namespace, locationHint, linkedShards = 1 }: MailboxStoreOptions): MailboxStore => {
  const shard = (number: number) =>
    namespace.get(namespace.idFromName(`shard-${number}`), locationHint === undefined ? {} : { locationHint });
  const publish = createByShard((number) =>
    createCallBatcher<RequestCall, PublishResult>({
      callMany: (calls, report) => shard(number).requests(calls, report),
      sizeOf: ({ record }) => sizeOfRecord(record),
    }),
  );
  const read = createByShard((number) =>
    createCallBatcher<ReadCall, ReadResult>({
      callMany: (calls, report) => shard(number).reads(calls, report),
      sizeOf: ({ key }) => key.text.length,
    }),
  );

  return {
    name: "mailbox",
    capabilities: { wait: true, duplicates: true, progress: true, lateReplies: true, idempotency: true },
    retryAfterSeconds: 1,

    async publish(key, record, waitMs, caller, consumerOf, claim, webhook) {
      try {
        const few = { ...(consumerOf !== undefined && { consumerOf }), ...(claim && { claim }), ...(webhook && { webhook }) };
        const call = { key, record, waitMs, ...nameOf(caller), ...few };
        return await publish(key.shard)(call, Math.max(waitMs, PRODUCE_TIMEOUT_MS) + GRACE_MS);
      } catch (error) {
        const failure = failureOf(error);
        return claim === undefined || failure.outcome === "overloaded" ? failure : { outcome: "unclaimed" };
      }
    },

    async publishAll(requests) {
      try {
        return await shard(requests[0]?.key.shard ?? 0).requestsTogether(requests);
      } catch (error) {
        const failure = failureOf(error);
        return requests.map(({ claim }) => (claim === undefined || failure.outcome === "overloaded" ? failure : { outcome: "unclaimed" }));
      }
    },

    async redrive(key, record, next) {
      try {
        return await shard(key.shard).redrive(key, record, next);
      } catch (error) {
        return failureOf(error);
      }
    },

    read: (key, waitMs, known = [], caller) => read(key.shard)({ key, waitMs, known, ...nameOf(caller) }, waitMs + GRACE_MS),

    readChunks: (key, afterVersion) => shard(key.shard).chunks(key, afterVersion),

    cancel: (key) => shard(key.shard).cancel(key),

    webhook: (key, act) => shard(key.shard).webhook(key, act),

    async write(replies) {
      const outcomes: Outcome[] = Array.from(replies, () => "retry");
      await Promise.all(
        groupByShard(replies).map(async ([number, indexes]) => {
          const stored = await shard(number)
            .deliver(indexes.map((index) => replies[index] as NewReply))
            .catch(logAndRetry);
          for (const [position, index] of indexes.entries()) outcomes[index] = stored?.[position] ?? "retry";
        }),
      );
      return outcomes;
    },

    async openLink(number, request) {
      try {
        return await shard(number).fetch(request);
      } catch (cause) {
        throw new RejoinderError("STORE_UNAVAILABLE", { detail: "The mailbox was reset while the link was opened. Open it again.", cause });
      }
    },

    async list(query) {
      const pages = Array.from({ length: linkedShards }, (_, number) => shard(number).list(query));
      return mergePages(await Promise.all(pages), query.limit);
    },

    consumers: {
      async hear(operations) {
        await Promise.all(Array.from({ length: linkedShards }, (_, number) => shard(number).hear(operations)));
      },
      async links() {
        return (await Promise.all(Array.from({ length: linkedShards }, (_, number) => shard(number).consumers()))).flat();
      },
    },
  };
};

/** What of a caller an object is told. */
const nameOf = (caller: Caller | undefined): Pick<Caller, "waitsAs"> => (caller?.waitsAs === undefined ? {} : { waitsAs: caller.waitsAs });

/** An overloaded object has not begun the call; one that was reset may have produced. */
const failureOf = (error: unknown): Exclude<RedriveResult, { outcome: "stored" | "refused" }> =>
  (error as { overloaded?: boolean }).overloaded === true
    ? { outcome: "overloaded" }
    : { outcome: "unknown", detail: "The mailbox was reset while it produced the request." };

/** One for each shard, made when it is first asked for. */
const createByShard = <Value>(create: (number: number) => Value): ((number: number) => Value) => {
  const created = new Map<number, Value>();
  return (number) => {
    let value = created.get(number);
    if (value === undefined) created.set(number, (value = create(number)));
    return value;
  };
};

const groupByShard = (replies: readonly NewReply[]): [shard: number, indexes: number[]][] => {
  const groups = new Map<number, number[]>();
  for (const [index, { key }] of replies.entries()) {
    const group = groups.get(key.shard);
    if (group === undefined) groups.set(key.shard, [index]);
    else group.push(index);
  }
  return [...groups];
};

const logAndRetry = (error: unknown): undefined => {
  console.error("A mailbox did not take its replies; the consumer will send them again", error);
};
