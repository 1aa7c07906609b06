import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import type { Outcome } from "../../protocol/reply-event.ts";
import { isTerminal } from "../../protocol/states.ts";
import type { Archive } from "../archive.ts";
import { PRODUCE_TIMEOUT_MS } from "../producer.ts";
import type { PublishResult } from "../request-publisher.ts";
import type { NewReply, ReadResult, StatusKey } from "../status-store.ts";
import type { ProduceBatches } from "./produce-batches.ts";
import type { Rows } from "./rows.ts";
import { expire, isOverdue, type KeptStatus, settle } from "./rules.ts";
import { SWEEP_AGAIN_MS, SWEEP_MS, sweep } from "./sweep.ts";
import type { Waiters } from "./waiters.ts";

type MailboxOptions = {
  readonly rows: Rows;
  readonly archive: Archive;
  readonly batches: ProduceBatches;
  readonly waiters: Waiters;
  readonly mailboxRetentionMs: number;
  /** Runs all of it or nothing, and resolves once that is durable; nobody is told of it before. Rejects if it could not be written. */
  readonly transaction: <T>(run: () => T) => T | Promise<T>;
  readonly alarm: { get(): Promise<number | null>; set(atMs: number): Promise<void>; clear(): Promise<void> };
  readonly now: () => number;
  readonly logError: (message: string, error: unknown) => void;
};

/**
 * One shard of the mailbox: publishes requests, keeps their statuses, and wakes the callers who wait for them. Storage is the truth;
 * memory holds only waiters and the records that are being produced.
 */
export const createMailbox = (options: MailboxOptions) => {
  const { rows, archive, batches, waiters, mailboxRetentionMs, transaction, alarm, now, logError } = options;
  let alarmIsSet = false;

  const ensureAlarm = async (): Promise<void> => {
    if (alarmIsSet) return;
    alarmIsSet = true;
    if ((await alarm.get()) === null) await alarm.set(now() + SWEEP_MS);
  };

  const keep = (key: StatusKey, current: KeptStatus | undefined, next: KeptStatus): void => {
    if (current === undefined) rows.insert(key, next);
    else rows.update(key, next);
  };

  /**
   * Whether a status that is not here may have moved to KV. Its age alone does not tell: MAILBOX_RETENTION_SECONDS may have been another
   * then.
   */
  const mayHaveLeft = (key: StatusKey): boolean => isOverdue(key, now()) && rows.find(key) === undefined;

  /** The end of an overdue request: its row or the status that moved to KV, or else it expires now. */
  const recallOrExpire = async (key: StatusKey): Promise<KeptStatus> => {
    const archived = await recall(key);
    // Read again: a reply may have come while KV was read.
    const current = rows.find(key) ?? archived;
    if (current !== undefined && isTerminal(current.state)) return current;
    const next = expire(current, now());
    await transaction(() => keep(key, current, next));
    await ensureAlarm();
    return next;
  };

  /** The status that moved to KV: without it, a reply to an old request would reopen it. */
  const recall = async (key: StatusKey): Promise<KeptStatus | undefined> => (mayHaveLeft(key) ? archive.read(key) : undefined);

  const settleAll = (replies: readonly NewReply[], archived: readonly (KeptStatus | "unreadable" | undefined)[]) => {
    const changed = new Map<string, KeptStatus>();
    const outcomes = replies.map((reply, index): Outcome => {
      const recalled = archived[index];
      if (recalled === "unreadable") return "retry";
      const current = rows.find(reply.key);
      const { outcome, next } = settle(current ?? recalled, reply, now());
      if (next !== undefined) {
        keep(reply.key, current, next);
        changed.set(reply.key.text, next);
      }
      return outcome;
    });
    return { outcomes, changed };
  };

  return {
    /** As {@link RequestPublisher.publish}. */
    async publish(key: StatusKey, record: ProducerRecord, waitMs: number): Promise<PublishResult> {
      if (waitMs > 0 && waiters.isFull) return { outcome: "overloaded" };
      // The wait begins before the produce: the reply may come before the proxy's response.
      const wait = waitMs > 0 ? waiters.wait(key.text, waitMs) : undefined;
      const produced = await batches.produce(record, now() + PRODUCE_TIMEOUT_MS);
      if (produced.outcome !== "stored") {
        wait?.cancel();
        return produced;
      }
      return { outcome: "stored", status: wait && ((await wait.ended) ?? rows.find(key)) };
    },

    /** As {@link StatusStore.read}. */
    async read(key: StatusKey, waitMs: number, known: readonly number[] = []): Promise<ReadResult> {
      const current = rows.find(key);
      if (current !== undefined && isTerminal(current.state)) return current;
      if (isOverdue(key, now())) return recallOrExpire(key);
      const isNews = known.length > 0 && !known.includes(current?.version ?? 0);
      if (waitMs <= 0 || isNews) return current;
      if (waiters.isFull) return "overloaded";
      return (await waiters.wait(key.text, waitMs, known.length > 0 ? "change" : "end").ended) ?? rows.find(key);
    },

    /** As {@link StatusStore.write}, except that it rejects if its storage fails. */
    async write(replies: readonly NewReply[]): Promise<Outcome[]> {
      const archived = await Promise.all(replies.map(({ key }) => recall(key).catch(() => "unreadable" as const)));
      const { outcomes, changed } = await transaction(() => settleAll(replies, archived));
      // Only after the transaction: a caller who is woken must find the row.
      for (const [correlationId, status] of changed) waiters.wake(correlationId, status);
      await ensureAlarm();
      return outcomes;
    },

    /** The alarm. It never throws, and sets the next alarm while there are rows. */
    async sweep(): Promise<void> {
      // First of all, so that there is a next round even if this one fails.
      await alarm.set(now() + SWEEP_MS);
      alarmIsSet = true;
      try {
        const { more, failures } = await sweep({ rows, archive, mailboxRetentionMs, now: now() });
        if (failures.length > 0) logError(`${failures.length} statuses could not be archived yet`, failures[0]);
        if (more) await alarm.set(now() + SWEEP_AGAIN_MS);
        if (!rows.isEmpty()) return;
        alarmIsSet = false;
        await alarm.clear();
      } catch (error) {
        logError("The sweep failed and will be tried again", error);
      }
    },
  };
};

export type Mailbox = ReturnType<typeof createMailbox>;
