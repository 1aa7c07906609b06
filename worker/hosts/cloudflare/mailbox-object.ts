import { connect } from "cloudflare:sockets";
import { DurableObject } from "cloudflare:workers";
import type { Contract } from "../../../contract/contract.ts";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import type { WebhookStatus } from "../../../protocol/status.ts";
import type { Outcome } from "../../../protocol/reply-event.ts";
import type { Tracing } from "../../../protocol/tracing.ts";
import { createArchive } from "../../archive.ts";
import { readWorkerConfig, type WorkerConfig } from "../../config.ts";
import { createCorrelationIds } from "../../correlation-id.ts";
import { type ConsumerLink, createLinkEndpoint } from "../../link/link-endpoint.ts";
import { createHeard, type Heard } from "../../link/presence.ts";
import { isEnded } from "../../limits/ledger.ts";
import { createMailbox, type Mailbox } from "../../mailbox/mailbox.ts";
import { createProduceBatches } from "../../mailbox/produce-batches.ts";
import { createRows } from "../../mailbox/rows.ts";
import { createWaiters } from "../../mailbox/waiters.ts";
import { traceIntake, traceProduce } from "../../message-tracing.ts";
import type { Producer } from "../../producer.ts";
import { createProducer } from "../../producer-config.ts";
import { kafkaProducer } from "../../producers/kafka/kafka-producer.ts";
import { createReplyIntake } from "../../reply-intake.ts";
import type { ListPage, ListQuery } from "../../request-index.ts";
import { type Claim, type PublishedRequest, type PublishResult, type RedriveResult, withoutBodies } from "../../request-publisher.ts";
import type { NewReply, ReadResult, StatusKey, StoredChunks, StoredStatus } from "../../status-store.ts";
import type { RequestedWebhook } from "../../webhooks/delivery.ts";
import type { Bindings } from "./bindings.ts";
import { openWebhooks } from "./webhooks.ts";
import { createLinkSockets, type LinkSockets } from "./link-sockets.ts";
import { type ReportSettled, type SettledCall, settleTogether } from "./settled-calls.ts";

export type RequestCall = {
  readonly key: StatusKey;
  readonly record: ProducerRecord;
  readonly waitMs: number;
  /** See {@link RequestPublisher}. */
  readonly consumerOf?: string | undefined;
  /** See {@link Caller}. */
  readonly waitsAs?: string | undefined;
  /** See {@link RequestPublisher}. */
  readonly claim?: Claim | undefined;
  /** See {@link RequestPublisher}. */
  readonly webhook?: RequestedWebhook | undefined;
};
export type ReadCall = {
  readonly key: StatusKey;
  readonly waitMs: number;
  readonly known: readonly number[];
  /** See {@link Caller}. */
  readonly waitsAs?: string | undefined;
};

const logError = (message: string, error: unknown): void => console.error(message, error);

/** The mailbox of the Workers of one contract. */
export const defineMailbox = (
  contract: Contract,
  tracing: Tracing | undefined,
): new (ctx: DurableObjectState, env: Bindings) => MailboxObject =>
  class Mailbox extends MailboxObject {
    constructor(ctx: DurableObjectState, env: Bindings) {
      super(ctx, env, contract, tracing);
    }
  };

/** The Durable Object of one mailbox shard: the platform's storage, alarm, clock and KV, handed to the mailbox. */
export class MailboxObject extends DurableObject<Bindings> {
  readonly #mailbox: Mailbox;
  readonly #waiters = createWaiters();
  readonly #links: LinkSockets;
  readonly #heard: Heard;

  constructor(ctx: DurableObjectState, env: Bindings, contract: Contract, tracing?: Tracing) {
    super(ctx, env);
    // Who calls was asked before.
    const config = readWorkerConfig(env, contract, { hasAuthenticate: true });
    const { storage } = ctx;
    const batches = createProduceBatches({ producer: openProducer(config, env) });
    this.#mailbox = createMailbox({
      rows: createRows(storage.sql),
      archive: createArchive(env.REPLIES),
      batches: { produce: traceProduce(tracing, batches.produce) },
      waiters: this.#waiters,
      mailboxRetentionMs: config.MAILBOX_RETENTION_SECONDS * 1_000,
      isIndexed: config.REQUEST_INDEX === "on",
      transaction: (run) => storage.transactionSync(run),
      onCancel: (correlationId) => this.#links.cancel(correlationId),
      webhooks: openWebhooks(config),
      alarm: { get: () => storage.getAlarm(), set: (atMs) => storage.setAlarm(atMs), clear: () => storage.deleteAlarm() },
      now: Date.now,
      logError,
    });
    const ids = createCorrelationIds({ secrets: config.CORRELATION_SECRET, environment: config.ENVIRONMENT });
    const intake = traceIntake(tracing, createReplyIntake({ ids, write: (replies) => this.#mailbox.write(replies) }));
    const operations = Object.keys(contract);
    const endpoint = createLinkEndpoint({
      intake,
      operations,
      shards: config.MAILBOX_SHARDS,
      openCancellations: () => this.#mailbox.openCancellations(),
      warn: (message) => console.warn(message),
      logError,
    });
    this.#heard = createHeard(storage.sql);
    this.#links = createLinkSockets(ctx, { endpoint, operations, heard: this.#heard });
  }

  // Objects and Workers are not deployed in one instant: each must understand the calls of the version before.

  /** Many requests as one call, see {@link settleTogether}. */
  requests(calls: readonly RequestCall[], report: ReportSettled<PublishResult>): Promise<readonly SettledCall<PublishResult>[]> {
    return settleTogether(
      calls.map((call) => this.#publish(call)),
      report,
    );
  }

  #publish({ key, record, waitMs, consumerOf, claim, waitsAs, webhook }: RequestCall): Promise<PublishResult> {
    if (consumerOf !== undefined && this.#links.presence.isMissing(consumerOf)) {
      // What came before needs no consumer any more.
      if (claim === undefined || !this.#mailbox.isClaimed(claim)) return Promise.resolve({ outcome: "no-consumer" });
    }
    return this.#mailbox.publish(key, record, waitMs, { waitsAs }, claim, webhook);
  }

  /** Requests that are published together, see {@link RequestPublisher}. */
  requestsTogether(requests: readonly PublishedRequest[]): Promise<PublishResult[]> {
    return Promise.all(
      requests.map(async ({ key, record, claim, webhook }) =>
        withoutBodies(await this.#mailbox.publish(key, record, 0, undefined, claim, webhook)),
      ),
    );
  }

  /** Many reads as one call, see {@link settleTogether}. */
  reads(calls: readonly ReadCall[], report: ReportSettled<ReadResult>): Promise<readonly SettledCall<ReadResult>[]> {
    return settleTogether(
      calls.map(({ key, waitMs, known, waitsAs }) => this.#mailbox.read(key, waitMs, known, { waitsAs })),
      report,
    );
  }

  /** Lists requests of this shard, see {@link ListRequests}. */
  list(query: ListQuery): Promise<ListPage> {
    return this.#mailbox.list(query);
  }

  /** Of each request, whether it is known to have ended. */
  ended(keys: readonly StatusKey[]): Promise<boolean[]> {
    return Promise.all(keys.map(async (key) => isEnded(await this.#mailbox.read(key, 0))));
  }

  /** Stores replies, see {@link StatusStore}. */
  deliver(replies: readonly NewReply[]): Promise<Outcome[]> {
    return this.#mailbox.write(replies);
  }

  /** Reads what a handler has emitted, see {@link StatusStore}. */
  chunks(key: StatusKey, afterVersion: number): Promise<readonly StoredChunks[]> {
    return this.#mailbox.readChunks(key, afterVersion);
  }

  /** Marks a request as `cancelling`, see {@link StatusStore}. */
  cancel(key: StatusKey): Promise<StoredStatus> {
    return this.#mailbox.cancel(key);
  }

  /** Publishes a request again, see {@link RequestPublisher}. */
  redrive(key: StatusKey, record: ProducerRecord, next?: StatusKey): Promise<RedriveResult> {
    return this.#mailbox.redrive(key, record, next);
  }

  /** Opens a link, see {@link OpenLink}. */
  override fetch(request: Request): Response {
    return this.#links.accept(request);
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    return this.#links.message(socket, data);
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#links.closed(socket, code);
  }

  override webSocketError(socket: WebSocket, error: unknown): void {
    console.warn("A link broke; its consumer will open another", error);
    this.#links.lost(socket);
  }

  /** Remembers a consumer that cannot open links, see {@link Consumers}. */
  hear(operations: readonly string[]): void {
    this.#links.presence.came(this.#heard.write(operations, Date.now()));
  }

  /** The links whose consumers have said hello, with how far these are behind. */
  consumers(): Promise<ConsumerLink[]> {
    return this.#links.list();
  }

  /** How many calls wait now. */
  waiting(): number {
    return this.#waiters.count;
  }

  /** See {@link StatusStore}. */
  webhook(key: StatusKey, act: "show" | "replay"): Promise<WebhookStatus | "not-ended" | undefined> {
    return this.#mailbox.webhook(key, act);
  }

  override async alarm(): Promise<void> {
    await this.#mailbox.ring();
    // An alarm that goes on keeps the object, and with it the attempts under way.
    await this.#mailbox.webhooksSettled();
  }
}

/** Connections to Kafka belong to the object: those that a request of the Worker opens end with it. */
const openProducer = ({ producer }: WorkerConfig, env: Bindings): Producer =>
  producer.kind === "kafka"
    ? kafkaProducer({ kafka: producer.connection, openSocket: connect })
    : createProducer({ kafkaRest: producer }, env);
