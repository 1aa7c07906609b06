import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import type { Outcome } from "../../protocol/reply-event.ts";
import { isTerminal } from "../../protocol/states.ts";
import { type Archive, KEEP_AFTER_ARCHIVE_MS } from "../archive.ts";
import type { Caller, Claim, PublishResult } from "../request-publisher.ts";
import type { NewReply, ReadResult, StatusKey, StatusStore, StoredChunks, StoredStatus } from "../status-store.ts";
import { createDeliveries, type WebhookDelivery } from "../webhooks/deliveries.ts";
import type { RequestedWebhook } from "../webhooks/delivery.ts";
import { type Claimed, createClaimedPublish } from "./claimed-publish.ts";
import { createDurableWrites } from "./durable-writes.ts";
import { createGroupedWrites } from "./grouped-writes.ts";
import { createList } from "./listing.ts";
import { createNotedProduce, createRequestNotes } from "./noted-produce.ts";
import type { ProduceBatches } from "./produce-batches.ts";
import { createRedrive } from "./redrive.ts";
import { type Alarm, createNextAlarm } from "./next-alarm.ts";
import { endOfPeriod, type Rows } from "./rows.ts";
import { ACCEPTED, cancel, expire, isOverdue, type KeptStatus } from "./rules.ts";
import { settleReplies } from "./settle-replies.ts";
import { SWEEP_AGAIN_MS, SWEEP_MS, sweep } from "./sweep.ts";
import type { WaitedFor, Waiters } from "./waiters.ts";

type MailboxOptions = {
  readonly rows: Rows;
  readonly archive: Archive;
  readonly batches: ProduceBatches;
  readonly waiters: Waiters;
  readonly mailboxRetentionMs: number;
  /** Whether requests are kept in the index, so that they can be listed. Default: no. */
  readonly isIndexed?: boolean;
  /**
   * How many rows a table may have that is dropped, where to drop many takes so long that callers would notice: the others are deleted before, as
   * many at a time. Absent: a table is dropped as it is, since deleted rows are billed.
   */
  readonly maxDroppedRows?: number;
  /**
   * Runs all of it or nothing, and resolves once that is durable; nobody is told of it before. Returns no promise where it is durable at once,
   * or the platform holds back what leaves before it is. Fails if it could not be written: then nothing of it is there.
   */
  readonly transaction: <T>(run: () => T) => T | Promise<T>;
  /** Called when somebody wants to cancel a request, once that is durable; perhaps again for the same one. */
  readonly onCancel?: (correlationId: string) => void;
  readonly alarm: Alarm;
  /** Absent: webhooks are switched off. */
  readonly webhooks?: WebhookDelivery | undefined;
  readonly now: () => number;
  readonly logError: (message: string, error: unknown) => void;
};

/**
 * One shard of the mailbox: publishes requests, keeps their statuses, and wakes the callers who wait for them. Storage is the truth;
 * memory holds only waiters and the records that are being produced.
 */
export const createMailbox = (options: MailboxOptions) => {
  const {
    rows,
    archive,
    batches,
    waiters,
    mailboxRetentionMs,
    isIndexed = false,
    maxDroppedRows,
    transaction,
    onCancel,
    alarm,
    webhooks,
    now,
    logError,
  } = options;
  const { commit, isUnderWay, settled } = createDurableWrites({ rows, transaction });
  const nextAlarm = createNextAlarm({ alarm, now, logError });

  /** Sees to what is to be done later of what was written, and never rejects. */
  const ensureAlarm = async (): Promise<void> => {
    const soonest = rows.webhooks.takeSoonest();
    if (soonest <= now()) void deliveries.run();
    await nextAlarm.by(Math.min(now() + SWEEP_MS, soonest));
  };

  /** The status now, for who has waited for it. */
  const findDurable = async (key: StatusKey): Promise<KeptStatus | undefined> => {
    if (isUnderWay(key)) await settled(key);
    return rows.find(key);
  };

  /**
   * Whether a status that is not here may have moved to KV. Its age alone does not tell: MAILBOX_RETENTION_SECONDS may have been another
   * then. But none leaves sooner than KEEP_AFTER_ARCHIVE_MS after its request was accepted.
   */
  const mayHaveLeft = (key: StatusKey): boolean =>
    isOverdue(key, now()) && now() >= key.createdAt + KEEP_AFTER_ARCHIVE_MS && rows.find(key) === undefined;

  /** The status that moved to KV: without it, a reply to an old request would reopen it. */
  const recall = async (key: StatusKey): Promise<KeptStatus | undefined> => (mayHaveLeft(key) ? archive.read(key) : undefined);

  const put = (key: StatusKey, status: KeptStatus): void => {
    if (!rows.insert(key, status, now())) rows.update(key, status);
  };

  /** The end of an overdue request: its row or the status that moved to KV, or else it expires now. */
  const recallOrExpire = async (key: StatusKey): Promise<KeptStatus> => {
    const archived = await recall(key);
    // Read again: a reply may have come while KV was read.
    const known = (await findDurable(key)) ?? archived;
    if (known !== undefined && isTerminal(known.state)) return known;
    const status = await commit([key], () => {
      const current = rows.find(key);
      if (current !== undefined && isTerminal(current.state)) return current;
      const next = expire(current, now());
      put(key, next);
      return next;
    });
    await ensureAlarm();
    return status;
  };

  /** Waits, unless the caller goes away. */
  const waitFor = (key: StatusKey, waitMs: number, waitedFor: WaitedFor, caller: Caller | undefined) => {
    const wait = waiters.wait(key.text, waitMs, waitedFor, caller?.waitsAs);
    const signal = caller?.signal;
    if (signal?.aborted === true) wait.cancel();
    else signal?.addEventListener("abort", wait.cancel, { once: true });
    return wait;
  };

  /** The status as it is. If the request is overdue, it ends now. */
  const latest = async (key: StatusKey): Promise<KeptStatus | undefined> => {
    const current = await findDurable(key);
    if (current !== undefined && isTerminal(current.state)) return current;
    return isOverdue(key, now()) ? recallOrExpire(key) : current;
  };

  /** Replaces a status, if it is still of that version; the status that there is then. */
  const replace = async (key: StatusKey, { version }: KeptStatus, next: KeptStatus): Promise<KeptStatus | undefined> => {
    const status = await commit([key], () => {
      const current = rows.find(key);
      if (current !== undefined && current.version !== version) return current;
      put(key, next);
      return next;
    });
    if (status === next) waiters.wake(key.text, next);
    await ensureAlarm();
    return status;
  };

  const write = createGroupedWrites(commit);
  const notes = createRequestNotes({ rows, isIndexed });
  const produceNew = createNotedProduce({ notes, batches, write, ensureAlarm, now, logError });

  const deliveries = createDeliveries({ rows, webhooks, commit, latest, wakeBy: nextAlarm.by, now, logError });
  const redrive = createRedrive({ batches, produceNew, latest, replace, now, logError });

  type Produce = () => Promise<Claimed>;
  const publish = async (key: StatusKey, waitMs: number, caller: Caller | undefined, produce: Produce): Promise<PublishResult> => {
    if (waitMs > 0 && !waiters.hasRoom(caller?.waitsAs)) return { outcome: "overloaded", hasNoRoom: true };
    // The wait begins before the produce: the reply may come before the proxy's response.
    const wait = waitMs > 0 ? waitFor(key, waitMs, "end", caller) : undefined;
    const produced = await produce();
    if (produced.outcome !== "stored") {
      wait?.cancel();
      return produced;
    }
    return { outcome: "stored", status: wait && ((await wait.ended) ?? (await findDurable(key))) };
  };

  const read = async (key: StatusKey, waitMs: number, known: readonly number[] = [], caller?: Caller): Promise<ReadResult> => {
    if (now() >= key.expiresAt) return expire(undefined, now());
    if (isUnderWay(key)) await settled(key);
    // From here to the wait nothing may come between, or a wake-up is lost.
    const current = rows.find(key);
    if (current !== undefined && isTerminal(current.state)) return current;
    if (isOverdue(key, now())) return recallOrExpire(key);
    const isNews = known.length > 0 && !known.includes(current?.version ?? 0);
    if (waitMs <= 0 || isNews) return current;
    if (!waiters.hasRoom(caller?.waitsAs)) return "overloaded";
    return (await waitFor(key, waitMs, known.length > 0 ? "change" : "end", caller).ended) ?? findDurable(key);
  };

  /** It never throws, except if the alarm cannot be set, and sets the next alarm while there are rows. */
  const runSweep = async (): Promise<void> => {
    // First of all, so that there is a next round even if this one fails.
    await nextAlarm.sweepIn();
    try {
      const parts = { rows, archive, maxDroppedRows, mailboxRetentionMs };
      const { more, failures } = await sweep({ ...parts, commit: (run) => commit([], run), now: now() });
      if (failures.length > 0) logError(`${failures.length} statuses could not be archived yet`, failures[0]);
      if (more) await nextAlarm.sweepIn(SWEEP_AGAIN_MS);
      if (rows.isEmpty()) return await nextAlarm.clear();
    } catch (error) {
      logError("The sweep failed and will be tried again", error);
    }
    await deliveries.run();
  };

  const publishClaimed = createClaimedPublish({ rows, notes, batches, write, publish, read, latest, ensureAlarm, now, logError });

  return {
    /** As {@link RequestPublisher.publish}. */
    publish(
      key: StatusKey,
      record: ProducerRecord,
      waitMs: number,
      caller?: Caller,
      claim?: Claim,
      webhook?: RequestedWebhook,
    ): Promise<PublishResult> {
      if (claim !== undefined) return publishClaimed(key, record, waitMs, caller, claim, webhook);
      return publish(key, waitMs, caller, () => produceNew(key, record, webhook));
    },

    /** Whether a request has that Idempotency-Key. */
    isClaimed: ({ name }: Claim): boolean => rows.claims.find(name) !== undefined,

    /** As {@link StatusStore.read}. */
    async read(...[key, ...asked]: Parameters<typeof read>): Promise<ReadResult> {
      const status = await read(key, ...asked);
      const webhook = status === "overloaded" ? undefined : deliveries.view(key.text);
      if (webhook === undefined || status === "overloaded") return status;
      const known = status ?? { ...ACCEPTED, state: "accepted", version: 0, updatedAt: key.createdAt };
      return { ...known, details: { ...known.details, webhook } };
    },

    /** As {@link ListRequests}, of this mailbox. */
    list: createList({ rows, read, now }),

    /** As {@link StatusStore.readChunks}. */
    async readChunks(key: StatusKey, afterVersion: number): Promise<readonly StoredChunks[]> {
      if (now() >= key.expiresAt) return [];
      const here = await findDurable(key);
      const execution = (here ?? (await recall(key)))?.details?.chunks?.execution;
      if (execution == null) return [];
      const found = here && rows.findChunks(endOfPeriod(key), key, execution, afterVersion);
      return found ?? (await archive.readChunks(key)).filter(({ version }) => version > afterVersion);
    },

    /** As {@link StatusStore.cancel}. */
    async cancel(key: StatusKey): Promise<StoredStatus> {
      // Overdue requests end here.
      const ended = await latest(key);
      if (ended !== undefined && isTerminal(ended.state)) return ended;
      const { status, isNew } = await commit([key], () => {
        const current = rows.find(key);
        if (current !== undefined && isTerminal(current.state)) return { status: current, isNew: false };
        const next = cancel(current, now());
        if (next !== undefined) put(key, next);
        return { status: next ?? (current as KeptStatus), isNew: next !== undefined };
      });
      if (isNew) waiters.wake(key.text, status);
      if (!isTerminal(status.state)) onCancel?.(key.text);
      await ensureAlarm();
      return status;
    },

    /** The correlation IDs of the requests that somebody wants to cancel and that have not ended. */
    openCancellations: (): readonly string[] => rows.openCancellations(now()),

    /** As {@link RequestPublisher.redrive}. */
    redrive,

    /** As {@link StatusStore.write}, except that it rejects if its storage fails. */
    async write(replies: readonly NewReply[]): Promise<Outcome[]> {
      const archived = await Promise.all(replies.map(({ key }) => recall(key).catch(() => "unreadable" as const)));
      const keys = replies.map(({ key }) => key);
      const { outcomes, news } = await commit(keys, () => settleReplies({ rows, now: now() }, replies, archived));
      // Only after the transaction: a caller who is woken must find the row.
      for (const [correlationId, status] of news) waiters.wake(correlationId, status);
      await ensureAlarm();
      return outcomes;
    },

    /** As {@link StatusStore.webhook}. */
    webhook: async (key: StatusKey, act: "show" | "replay"): ReturnType<NonNullable<StatusStore["webhook"]>> =>
      act === "show" ? deliveries.view(key.text) : deliveries.replay(key),
    /** Resolves once the attempts at webhooks that are under way have ended. */
    webhooksSettled: deliveries.settled,
    /** Sends no webhooks any more. */
    endWebhooks: deliveries.close,

    /** The alarm, whatever it rings for. */
    async ring(): Promise<void> {
      if (nextAlarm.isSweepDue()) return runSweep();
      await nextAlarm.rang();
      await deliveries.run();
    },

    /** Sweeps at once, and delivers what is due. */
    sweep: runSweep,
  };
};

export type Mailbox = ReturnType<typeof createMailbox>;
