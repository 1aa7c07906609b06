import { DurableObject } from "cloudflare:workers";
import type { Contract } from "../../../contract/contract.ts";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import type { Outcome } from "../../../protocol/reply-event.ts";
import { createArchive } from "../../archive.ts";
import type { Bindings } from "./bindings.ts";
import { readWorkerConfig } from "../../config.ts";
import { createProducer } from "../../producer-config.ts";
import type { Delivery, ReadResult, RequestResult, StatusKey } from "../../status-store.ts";
import { createMailbox, type MailboxCore } from "../../mailbox/mailbox.ts";
import { type Ended, endTogether, type TellEarly } from "./settled-calls.ts";
import { createProduceBatches } from "../../mailbox/produce-batches.ts";
import { createRows } from "../../mailbox/rows.ts";
import { createWaiters } from "../../mailbox/waiters.ts";

export type RequestCall = { readonly key: StatusKey; readonly record: ProducerRecord; readonly waitMs: number };
export type ReadCall = { readonly key: StatusKey; readonly waitMs: number; readonly known: readonly number[] };

/** The mailbox of the Workers of one contract. */
export const defineMailbox = (contract: Contract): new (ctx: DurableObjectState, env: Bindings) => MailboxObject =>
  class Mailbox extends MailboxObject {
    constructor(ctx: DurableObjectState, env: Bindings) {
      super(ctx, env, contract);
    }
  };

/** The Durable Object of one mailbox shard: the platform's storage, alarm, clock and KV, handed to the mailbox. */
export class MailboxObject extends DurableObject<Bindings> {
  readonly #mailbox: MailboxCore;
  readonly #waiters = createWaiters();

  constructor(ctx: DurableObjectState, env: Bindings, contract: Contract) {
    super(ctx, env);
    const config = readWorkerConfig(env, contract);
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

  /** Many requests as one call, see {@link endTogether}. */
  requests(calls: readonly RequestCall[], tellEarly: TellEarly<RequestResult>): Promise<readonly Ended<RequestResult>[]> {
    return endTogether(
      calls.map(({ key, record, waitMs }) => this.#mailbox.request(key, record, waitMs)),
      tellEarly,
    );
  }

  /** Many reads as one call, see {@link endTogether}. */
  reads(calls: readonly ReadCall[], tellEarly: TellEarly<ReadResult>): Promise<readonly Ended<ReadResult>[]> {
    return endTogether(
      calls.map(({ key, waitMs, known }) => this.#mailbox.read(key, waitMs, known)),
      tellEarly,
    );
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
