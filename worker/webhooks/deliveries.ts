import { isTerminal } from "../../protocol/states.ts";
import type { WebhookStatus } from "../../protocol/status.ts";
import type { Rows } from "../mailbox/rows.ts";
import type { StatusKey, StoredStatus } from "../status-store.ts";
import { afterAttempt, type Delivery, disable, eventOf, replay, viewOf } from "./delivery.ts";
import type { SendWebhook } from "./webhook.ts";

/** How webhooks leave a mailbox. */
export type WebhookDelivery = {
  readonly send: SendWebhook;
  /** How many attempts are under way at the same time. */
  readonly maxSends?: number;
};

type DeliveriesOptions = {
  readonly rows: Pick<Rows, "webhooks">;
  /** Absent: webhooks are switched off, and what is due waits. */
  readonly webhooks: WebhookDelivery | undefined;
  /** Writes, and resolves once that is durable, and what was written before. */
  readonly commit: <T>(keys: readonly StatusKey[], run: () => T) => Promise<T>;
  /** The status as it is. If the request is overdue, it ends now. */
  readonly latest: (key: StatusKey) => Promise<StoredStatus | undefined>;
  /** Has {@link createDeliveries} called by then. Never rejects. */
  readonly wakeBy: (atMs: number) => Promise<void>;
  readonly now: () => number;
  readonly random?: () => number;
  readonly logError: (message: string, error: unknown) => void;
};

/** Beside them, a Worker needs connections for its producer; it has six. */
const MAX_SENDS = 4;
/** A receiver that is slow leaves room for others. */
const MAX_SENDS_TO_A_HOST = 2;
/** How many that are due are looked at, to find receivers with room. */
const WINDOW = 200;
const MAX_OVERDUE = 100;
/** Longer than an attempt takes: if memory was lost meanwhile, the attempt is made again then. */
const GUARD_MS = 60_000;
/** After a failure of the storage. */
const PAUSE_MS = 5_000;

/**
 * Delivers the webhooks of one mailbox. A row says what is due, and changes only when an attempt has ended: a crash in between repeats the
 * attempt, with the same `webhook-id`. Memory holds only the attempts under way.
 */
export const createDeliveries = (options: DeliveriesOptions) => {
  const { rows, webhooks, commit, latest, wakeBy, now, random = Math.random, logError } = options;
  const maxSends = webhooks?.maxSends ?? MAX_SENDS;
  /** By correlation ID, the host that an attempt calls, and its end. */
  const underWay = new Map<string, { readonly host: string; readonly ended: Promise<void> }>();
  let pausedUntil = 0;
  let isClosed = false;
  let running: Promise<void> | undefined;
  let isDueAgain = false;

  /** The requests that expire although nobody asks for them. */
  const endOverdue = async (): Promise<void> => {
    for (const { key } of rows.webhooks.findDue("waiting", now(), MAX_OVERDUE)) {
      const status = await latest(key);
      if (status === undefined || !isTerminal(status.state)) continue;
      // It may have ended without a change: a status that had moved to KV.
      if (rows.webhooks.find(key.text)?.state === "waiting")
        await commit([key], () => rows.webhooks.note(key, { ...status, replyId: null }));
    }
  };

  const startDue = async (): Promise<void> => {
    if (webhooks === undefined || underWay.size >= maxSends) return;
    // By a transaction: what it reads is durable when it resolves, and so are the ends that are told.
    const due = await commit([], () => rows.webhooks.findDue("pending", now(), WINDOW + maxSends));
    for (const delivery of due) {
      const { host } = new URL(delivery.url);
      const calls = [...underWay.values()].filter((call) => call.host === host).length;
      if (isClosed || underWay.size >= maxSends) return;
      if (underWay.has(delivery.key.text) || calls >= MAX_SENDS_TO_A_HOST) continue;
      underWay.set(delivery.key.text, { host, ended: attempt(delivery, webhooks.send) });
    }
  };

  /** Never rejects. */
  const attempt = async (delivery: Delivery, send: SendWebhook): Promise<void> => {
    const { key, url } = delivery;
    const endpoint = endpointOf(delivery);
    try {
      const isOff = endpoint !== undefined && rows.webhooks.isDisabled(endpoint) && !delivery.isReplay;
      const result = isOff ? undefined : await send(url, eventOf(delivery), now());
      if (isClosed) return;
      await commit([key], () => {
        const current = rows.webhooks.find(key.text);
        // Replayed or ended again meanwhile: that is a schedule of its own.
        if (current?.state !== "pending" || current.startedAt !== delivery.startedAt || current.ends !== delivery.ends) return;
        rows.webhooks.write(result === undefined ? disable(current, now()) : afterAttempt(current, result, now(), random()));
        if (endpoint === undefined || result === undefined) return;
        if (result.outcome === "gone") rows.webhooks.disable(endpoint, now());
        else if (result.outcome === "delivered" && delivery.isReplay) rows.webhooks.enable(endpoint);
      });
    } catch (error) {
      pausedUntil = now() + PAUSE_MS;
      logError("What became of a webhook could not be written down, and it will be sent again", error);
    } finally {
      underWay.delete(key.text);
      void run();
    }
  };

  const round = async (): Promise<void> => {
    if (isClosed) return;
    try {
      if (now() < pausedUntil) return await wakeBy(pausedUntil);
      await endOverdue();
      await startDue();
      const at = now();
      const next = Math.min(rows.webhooks.nextAfter("waiting", at), webhooks ? rows.webhooks.nextAfter("pending", at) : Infinity);
      const isBusy = underWay.size > 0 || rows.webhooks.findDue("waiting", at, 1).length > 0;
      await wakeBy(Math.min(next, isBusy ? at + GUARD_MS : Infinity));
    } catch (error) {
      pausedUntil = now() + PAUSE_MS;
      logError("Webhooks that are due could not be looked up, and will be later", error);
      await wakeBy(pausedUntil);
    }
  };

  /** Does what is due. Resolves once the attempts have begun. Never rejects. */
  const run = (): Promise<void> => {
    isDueAgain = true;
    return (running ??= (async () => {
      while (isDueAgain) {
        isDueAgain = false;
        await round();
      }
      running = undefined;
    })());
  };

  return {
    run,

    /** What the caller sees of a webhook, if the request has one. */
    view(text: string): WebhookStatus | undefined {
      const delivery = rows.webhooks.find(text);
      return delivery && viewOf(delivery);
    },

    /** Begins the schedule of a request that has ended anew. Rejects if the storage fails. */
    async replay(key: StatusKey): Promise<WebhookStatus | "not-ended" | undefined> {
      const view = await commit([key], () => {
        const delivery = rows.webhooks.find(key.text);
        if (delivery === undefined) return undefined;
        if (delivery.state === "waiting") return "not-ended";
        const next = replay(delivery, now());
        rows.webhooks.write(next);
        return viewOf(next);
      });
      void run();
      return view;
    },

    /** Resolves once the attempts that are under way have ended. */
    settled: async (): Promise<void> => {
      await running;
      await Promise.all([...underWay.values()].map(({ ended }) => ended));
    },

    /** Begins no attempt any more, and forgets what comes of those under way: they are made again. */
    close(): void {
      isClosed = true;
    },
  };
};

export type Deliveries = ReturnType<typeof createDeliveries>;

/** What is disabled as a whole: the URL of an API key. A request's own URL is its own affair. */
const endpointOf = ({ keyId, url }: Delivery): string | undefined => (keyId === undefined ? undefined : `${keyId} ${url}`);
