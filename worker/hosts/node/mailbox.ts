import type { Log } from "../../../environment/log.ts";
import type { Time } from "../../../environment/time.ts";
import type { Tracing } from "../../../protocol/tracing.ts";
import { createArchive } from "../../archive.ts";
import { createMailbox, type Mailbox } from "../../mailbox/mailbox.ts";
import { createProduceBatches } from "../../mailbox/produce-batches.ts";
import { createRows } from "../../mailbox/rows.ts";
import { createWaiters } from "../../mailbox/waiters.ts";
import { traceProduce } from "../../message-tracing.ts";
import type { Producer } from "../../producer.ts";
import type { WebhookDelivery } from "../../webhooks/deliveries.ts";
import { createAlarm } from "./alarm.ts";
import type { NodeHostConfig } from "./config.ts";
import { openMailboxDatabase } from "./database.ts";
import { createKeyValues } from "./key-values.ts";
import { createMetrics } from "./metrics.ts";

/** To drop that many takes a millisecond or two, and nobody bills the rows that are deleted before. */
const MAX_DROPPED_ROWS = 1_000;

type MailboxOptions = {
  readonly config: Pick<NodeHostConfig, "MAILBOX_FSYNC" | "MAILBOX_RETENTION_SECONDS" | "REQUEST_INDEX">;
  readonly producer: Producer;
  readonly tracing?: Tracing | undefined;
  readonly directory: string;
  /** How many links are open. */
  readonly links: () => number;
  /** How many calls wait for something else than a status. */
  readonly otherWaits?: () => number;
  /** See {@link createMailbox}. */
  readonly onCancel?: (correlationId: string) => void;
  /** See {@link createMailbox}. */
  readonly webhooks?: WebhookDelivery | undefined;
  readonly log: Pick<Log, "warn" | "error">;
  readonly time: Time;
};

/** One process has room for more than an object of Cloudflare: about 20 KB for each call, its connection included. */
const MAX_WAITERS = 50_000;
const PRODUCE_LIMITS = { maxQueuedRecords: 50_000, maxQueuedBytes: 64 * 1024 * 1024 };

/** The mailbox of all shards in one file, with what counts in it. @throws Error if the folder is in use or cannot be written */
export const openMailbox = async ({
  config,
  producer,
  tracing,
  directory,
  links,
  otherWaits = () => 0,
  onCancel,
  webhooks,
  log,
  time,
}: MailboxOptions) => {
  const logError = (message: string, error: unknown): void => log.error({ err: error }, message);
  const waiters = createWaiters({ maxWaiters: MAX_WAITERS, time });
  const metrics = createMetrics({ waits: () => waiters.count + otherWaits(), links, storageBytes: () => storage.bytes() });
  const storage = openMailboxDatabase({ folder: directory, fsync: config.MAILBOX_FSYNC, onSynced: metrics.synced }, log);
  const keyValues = createKeyValues(storage.database, time.now);
  let sweeping: Promise<void> = Promise.resolve();
  const sweep = (): Promise<void> => {
    try {
      keyValues.sweep();
    } catch (error) {
      logError("What has expired could not be deleted and will be tried again", error);
    }
    return (sweeping = mailbox.ring());
  };
  const alarm = createAlarm({ ring: sweep, time });
  const counted: Producer = {
    ...producer,
    async produce(records, deadline) {
      const outcomes = await producer.produce(records, deadline);
      metrics.produced(outcomes);
      return outcomes;
    },
  };
  const batches = createProduceBatches({ producer: counted, limits: PRODUCE_LIMITS, time });
  const inner = createMailbox({
    rows: createRows(storage.sql),
    archive: createArchive(keyValues),
    batches: { produce: traceProduce(tracing, batches.produce) },
    waiters,
    mailboxRetentionMs: config.MAILBOX_RETENTION_SECONDS * 1_000,
    isIndexed: config.REQUEST_INDEX === "on",
    maxDroppedRows: MAX_DROPPED_ROWS,
    transaction: storage.transaction,
    ...(onCancel && { onCancel }),
    webhooks,
    alarm,
    now: time.now,
    logError,
  });
  const mailbox: Mailbox = {
    ...inner,
    async write(replies) {
      const outcomes = await inner.write(replies);
      metrics.replied(outcomes);
      return outcomes;
    },
  };
  // What fell due while no process ran; it sets the alarm if there are rows.
  await sweep();

  return {
    mailbox,
    storage,
    metrics,
    /** Answers all who wait with what is known. */
    endWaits: waiters.end,
    async close(): Promise<void> {
      mailbox.endWebhooks();
      await sweeping;
      await alarm.clear();
      await storage.close();
    },
  };
};
