import type { ProducerRecord } from "../protocol/kafka-record.ts";
import type { Tracing } from "../protocol/tracing.ts";
import { createProduceBatches, PRODUCE_LIMITS, type ProduceBatches } from "./mailbox/produce-batches.ts";
import { traceProduce } from "./message-tracing.ts";
import { PRODUCE_TIMEOUT_MS, type ProduceOutcome, type Producer } from "./producer.ts";
import type { StatusKey, StoredStatus } from "./status-store.ts";
import type { RequestedWebhook } from "./webhooks/delivery.ts";

/** What became of a request's record and, if a reply came within the wait, the status. */
type RecordResult =
  | { readonly outcome: "stored"; readonly status: StoredStatus | undefined }
  /** `hasNoRoom`: for one more wait of the caller. Without a wait, the request may be published. */
  | { readonly outcome: "overloaded"; readonly hasNoRoom?: boolean }
  /** No consumer of the operation is there, and nothing was published. */
  | { readonly outcome: "no-consumer" }
  | Exclude<ProduceOutcome, { outcome: "stored" }>;

/** What else may come of a request with an Idempotency-Key. */
type ClaimResult =
  /** Another request has the key, and nothing was published. */
  | { readonly outcome: "key-reused" }
  /** Whoever keeps the keys is away. With the same key, the request may be published again. */
  | { readonly outcome: "unclaimed" }
  /** The request came before, as `first`, and may not have reached Kafka. Nothing was published: it must be, under that key. */
  | { readonly outcome: "claimed"; readonly first: StatusKey };

export type PublishResult = (RecordResult | ClaimResult) & {
  /** The request that has the Idempotency-Key, if it came before: the result is of that one. */
  readonly first?: StatusKey;
};

/** What became of the record of a request that is sent again; `refused`: nothing was done, because of that status. */
export type RedriveResult = RecordResult | { readonly outcome: "refused"; readonly status: StoredStatus | undefined };

/** Who waits. */
export type Caller = {
  /** Aborts when nobody waits any more, where the host can tell. It is read only by whoever can end a wait. */
  readonly signal?: AbortSignal;
  /**
   * In whose name: the owner tag; for anonymous callers the public one and, where it is known, the network address. Waits are bounded
   * by name.
   */
  readonly waitsAs?: string | undefined;
};

/** What a request claims by its Idempotency-Key: the key and the caller under one name, and what was asked for. Both are digests. */
export type Claim = {
  readonly name: string;
  readonly request: string;
  /** Publishes nothing unless the request came before: it is `unclaimed` then. */
  readonly mustBeKnown?: boolean;
};

/** A request to publish together with others. */
export type PublishedRequest = {
  readonly key: StatusKey;
  readonly record: ProducerRecord;
  readonly claim?: Claim | undefined;
  readonly webhook?: RequestedWebhook | undefined;
};

/** Publishes requests to Kafka. */
export type RequestPublisher = {
  /**
   * Publishes the record of a request and waits up to `waitMs` for its reply, where this publisher can. Never rejects.
   * @param consumerOf an operation: publishes nothing if it is known that no consumer of it is there
   * @param webhook is told of the end of the request; only where the status store delivers webhooks
   * @param claim publishes nothing if the request came before; only where statuses are kept that are capable of `idempotency`
   */
  publish(
    key: StatusKey,
    record: ProducerRecord,
    waitMs: number,
    caller?: Caller,
    consumerOf?: string,
    claim?: Claim,
    webhook?: RequestedWebhook,
  ): Promise<PublishResult>;
  /**
   * Publishes the records of requests of one shard together, without a wait: in one call to Kafka or its proxy, if it takes as much in one.
   * A status that is told of a request that came before is told without bodies. Resolves to one result for each, in their order. Never rejects.
   */
  publishAll(requests: readonly PublishedRequest[]): Promise<PublishResult[]>;
  /**
   * Publishes a request again that has failed or expired, and in whose place none was sent before. Without `next`, the record is of the
   * same request, whose status is reopened. With it, the record is of that new request, in the same shard, and the status of the old one names
   * it. If the record is certainly not stored, the status says again what it said. Never rejects. Absent: the publisher knows no statuses.
   */
  redrive?(key: StatusKey, record: ProducerRecord, next?: StatusKey): Promise<RedriveResult>;
};

/** Publishes each request by a call of its own to the Kafka REST proxy, and does not wait for replies. */
export const directPublisher = ({
  producer,
  tracing,
  now = Date.now,
}: {
  readonly producer: Pick<Producer, "produce" | "limits">;
  readonly tracing?: Tracing | undefined;
  readonly now?: () => number;
}): RequestPublisher => {
  const resultOf = (produced: Awaited<ReturnType<ProduceBatches["produce"]>>): PublishResult =>
    produced.outcome === "stored" ? { outcome: "stored", status: undefined } : produced;
  const produce = traceProduce(tracing, async (record, deadline) => {
    const [produced] = (await producer.produce([record], deadline)) as [ProduceOutcome];
    return produced;
  });
  return {
    async publish(_key, record) {
      const produced = await produce(record, now() + PRODUCE_TIMEOUT_MS);
      return resultOf(produced);
    },
    async publishAll(requests) {
      // For this call alone: in a Worker no request waits for what another one sends.
      const batches = createProduceBatches({ producer, limits: { eagerCalls: PRODUCE_LIMITS.maxCalls } });
      const produceOne = traceProduce(tracing, batches.produce);
      const deadline = now() + PRODUCE_TIMEOUT_MS;
      return Promise.all(requests.map(async ({ record }) => resultOf(await produceOne(record, deadline))));
    },
  };
};

/** A result whose status says no more than how far its request is. */
export const withoutBodies = (result: PublishResult): PublishResult =>
  result.outcome === "stored" && result.status !== undefined
    ? { ...result, status: { ...result.status, body: null, lateReply: null, details: undefined } }
    : result;
