import { DurableObject } from "cloudflare:workers";
import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import type { Outcome } from "../../protocol/reply-event.ts";
import { createArchive } from "../archive.ts";
import { readWorkerConfig } from "../config.ts";
import { createProducer } from "../producer-config.ts";
import type { Delivery, ReadResult, RequestResult, StatusKey } from "../reply-store.ts";
import { createMailbox, type MailboxCore } from "./mailbox.ts";
import { createProduceBatches } from "./produce-batches.ts";
import { createRows } from "./rows.ts";
import { createWaiters } from "./waiters.ts";

/** The Durable Object of one mailbox shard: the platform's storage, alarm, clock and KV, handed to the mailbox. */
export class Mailbox extends DurableObject<Env> {
  readonly #mailbox: MailboxCore;
  readonly #waiters = createWaiters();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const config = readWorkerConfig(env);
    const { storage } = ctx;
    this.#mailbox = createMailbox({
      rows: createRows(storage.sql),
      archive: createArchive(env.REPLIES),
      batches: createProduceBatches({ producer: createProducer(config, env) }),
      waiters: this.#waiters,
      mailboxRetentionMs: config.MAILBOX_RETENTION_SECONDS * 1_000,
      transaction: (run) => storage.transactionSync(run),
      alarm: { get: () => storage.getAlarm(), set: (atMs) => storage.setAlarm(atMs), clear: () => storage.deleteAlarm() },
      now: Date.now,
      logError: (message, error) => console.error(message, error),
    });
  }

  request(key: StatusKey, record: ProducerRecord, waitMs: number): Promise<RequestResult> {
    return this.#mailbox.request(key, record, waitMs);
  }

  read(key: StatusKey, waitMs: number, known: readonly number[]): Promise<ReadResult> {
    return this.#mailbox.read(key, waitMs, known);
  }

  deliver(deliveries: readonly Delivery[]): Promise<Outcome[]> {
    return this.#mailbox.deliver(deliveries);
  }

  /** How many calls wait now. */
  waiting(): number {
    return this.#waiters.count;
  }

  override alarm(): Promise<void> {
    return this.#mailbox.sweep();
  }
}
