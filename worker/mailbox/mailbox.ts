import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import type { Outcome } from "../../protocol/reply-event.ts";
import { isTerminal } from "../../protocol/states.ts";
import { type Archive, KEEP_AFTER_ARCHIVE_MS } from "../archive.ts";
import { PRODUCE_TIMEOUT_MS } from "../producer.ts";
import type { Caller, Claim, PublishResult } from "../request-publisher.ts";
import type { NewReply, ReadResult, StatusKey, StoredChunks, StoredStatus } from "../status-store.ts";
import { type Claimed, createClaimedPublish } from "./claimed-publish.ts";
import type { ProduceBatches } from "./produce-batches.ts";
import { createRedrive } from "./redrive.ts";
import { endOfPeriod, type Rows } from "./rows.ts";
import { cancel, expire, isOverdue, type KeptStatus } from "./rules.ts";
import { settleReplies } from "./settle-replies.ts";
import { SWEEP_AGAIN_MS, SWEEP_MS, sweep } from "./sweep.ts";
import type { WaitedFor, Waiters } from "./waiters.ts";

type MailboxOptions = {
  readonly rows: Rows;
  readonly archive: Archive;
  readonly batches: ProduceBatches;
  readonly waiters: Waiters;
  readonly mailboxRetentionMs: number;
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
  readonly alarm: { get(): Promise<number | null>; set(atMs: number): Promise<void>; clear(): Promise<void> };
  readonly now: () => number;
  readonly logError: (message: string, error: unknown) => void;
};

/**
 * One shard of the mailbox: publishes requests, keeps their statuses, and wakes the callers who wait for them. Storage is the truth;
 * memory holds only waiters and the records that are being produced.
 */
export const createMailbox = (options: MailboxOptions) => {
  const { rows, archive, batches, waiters, mailboxRetentionMs, maxDroppedRows, transaction, onCancel, alarm, now, logError } = options;
  /** By correlation ID, what is not durable yet. */
  const underWay = new Map<string, Promise<unknown>>();
  let alarmIsSet = false;

  /** Never rejects: what is written is written, and the next write tries again. */
  const ensureAlarm = async (): Promise<void> => {
    if (alarmIsSet) return;
    alarmIsSet = true;
    try {
      if ((await alarm.get()) === null) await alarm.set(now() + SWEEP_MS);
    } catch (error) {
      alarmIsSet = false;
      logError("The alarm could not be set and will be set by a later write", error);
    }
  };

  /** Writes, and resolves once that is durable, and so is what was written before under the same keys. */
  const commit = async <T>(keys: readonly StatusKey[], run: () => T): Promise<T> => {
    try {
      const written = transaction(run);
      // Where a transaction is durable at once, or the platform holds back what leaves before it is, there is nothing to wait for.
      if (!(written instanceof Promise)) return written;
      const before = keys.map(({ text }) => underWay.get(text));
      const durable = Promise.all([written, ...before]);
      for (const { text } of keys) underWay.set(text, durable);
      try {
        return (await durable)[0];
      } finally {
        for (const { text } of keys) if (underWay.get(text) === durable) underWay.delete(text);
      }
    } catch (error) {
      rows.forget();
      throw error;
    }
  };

  /** Nobody is told of a status that could still be lost. */
  const untilDurable = async ({ text }: StatusKey): Promise<void> => {
    for (let pending = underWay.get(text); pending !== undefined; pending = underWay.get(text)) await pending.catch(() => {});
  };

  /** The status now, for who has waited for it. */
  const findDurable = async (key: StatusKey): Promise<KeptStatus | undefined> => {
    if (underWay.has(key.text)) await untilDurable(key);
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

  const redrive = createRedrive({ batches, latest, replace, now, logError });

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
    if (underWay.has(key.text)) await untilDurable(key);
    // From here to the wait nothing may come between, or a wake-up is lost.
    const current = rows.find(key);
    if (current !== undefined && isTerminal(current.state)) return current;
    if (isOverdue(key, now())) return recallOrExpire(key);
    const isNews = known.length > 0 && !known.includes(current?.version ?? 0);
    if (waitMs <= 0 || isNews) return current;
    if (!waiters.hasRoom(caller?.waitsAs)) return "overloaded";
    return (await waitFor(key, waitMs, known.length > 0 ? "change" : "end", caller).ended) ?? findDurable(key);
  };

  const publishClaimed = createClaimedPublish({ rows, batches, commit, publish, read, latest, ensureAlarm, now, logError });

  return {
    /** As {@link RequestPublisher.publish}. */
    publish: (key: StatusKey, record: ProducerRecord, waitMs: number, caller?: Caller, claim?: Claim): Promise<PublishResult> =>
      claim === undefined
        ? publish(key, waitMs, caller, () => batches.produce(record, now() + PRODUCE_TIMEOUT_MS))
        : publishClaimed(key, record, waitMs, caller, claim),

    /** Whether a request has that Idempotency-Key. */
    isClaimed: ({ name }: Claim): boolean => rows.claims.find(name) !== undefined,

    /** As {@link StatusStore.read}. */
    read,

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

    /** The alarm. It never throws, and sets the next alarm while there are rows. */
    async sweep(): Promise<void> {
      // First of all, so that there is a next round even if this one fails.
      await alarm.set(now() + SWEEP_MS);
      alarmIsSet = true;
      try {
        const { more, failures } = await sweep({
          rows,
          archive,
          commit: (run) => commit([], run),
          maxDroppedRows,
          mailboxRetentionMs,
          now: now(),
        });
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
