import type { WebhookStatus } from "../../protocol/status.ts";
import type { StatusKey, StoredStatus } from "../status-store.ts";
import type { AttemptResult, WebhookEvent } from "./webhook.ts";

/** Where a caller wants to be told that its request has ended. */
export type RequestedWebhook = {
  /** As it was checked. */
  readonly url: string;
  /** Of this API, as receivers call it: `https://api.example`. */
  readonly origin: string;
  readonly operation: string;
  /** The ID of the API key that has the URL. Absent: the request itself names it. */
  readonly keyId?: string | undefined;
};

/** The webhook of one request, as a mailbox keeps it. Times are milliseconds since 1970. */
export type Delivery = RequestedWebhook & {
  readonly key: StatusKey;
  /** `waiting`: the request has not ended. */
  readonly state: "waiting" | WebhookStatus["state"];
  /** How often the request has ended: more than once if it was sent again under its ID. Each time is an event of its own. */
  readonly ends: number;
  /** What is sent, once the request has ended. */
  readonly event?: Pick<WebhookEvent, "type" | "timestamp"> | undefined;
  readonly attempts: number;
  readonly lastStatus?: number | undefined;
  readonly lastError?: string | undefined;
  /** Somebody asked for it to be sent again. */
  readonly isReplay?: boolean | undefined;
  /** When the schedule began. */
  readonly startedAt: number;
  /** When something is to be done: the request has expired, an attempt is due, or it is time to forget all of it. */
  readonly dueAt: number;
};

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The pauses after the attempts, as Standard Webhooks recommends them: ten attempts in about 75 hours. */
export const PAUSES_MS: readonly number[] = [
  ...[5 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS],
  ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR_MS),
];
/** A pause is longer by a random part of it, this at most: receivers that were away are not called all at once. */
export const JITTER = 0.1;
/** A receiver that says when to come back is believed so far. */
export const MAX_RETRY_AFTER_MS = DAY_MS;
/** How long a delivery that is over can be seen and replayed. */
export const KEEP_DELIVERY_MS = 7 * DAY_MS;

/** The webhook of a request that is about to be sent. @param overdueAt when it has expired, if nothing else ends it */
export const begin = (key: StatusKey, webhook: RequestedWebhook, overdueAt: number): Delivery => ({
  ...webhook,
  key,
  state: "waiting",
  ends: 0,
  attempts: 0,
  startedAt: key.createdAt,
  dueAt: overdueAt,
});

/** The request has ended: the first attempt is due. */
export const end = (delivery: Delivery, { state, updatedAt }: Pick<StoredStatus, "state" | "updatedAt">): Delivery => ({
  ...delivery,
  state: "pending",
  ends: delivery.ends + 1,
  event: { type: `request.${state}` as WebhookEvent["type"], timestamp: new Date(updatedAt).toISOString() },
  attempts: 0,
  lastStatus: undefined,
  lastError: undefined,
  isReplay: undefined,
  startedAt: updatedAt,
  dueAt: updatedAt,
});

/** The request is sent again, and has not ended any more. */
export const reopen = (delivery: Delivery, overdueAt: number): Delivery => ({ ...delivery, state: "waiting", dueAt: overdueAt });

/** What an attempt makes of a delivery. @param random from 0 to 1 */
export const afterAttempt = (delivery: Delivery, result: AttemptResult, now: number, random: number): Delivery => {
  const attempts = delivery.attempts + (result.outcome === "refused" ? 0 : 1);
  const next = {
    ...delivery,
    attempts,
    lastStatus: "status" in result ? result.status : undefined,
    lastError: "reason" in result ? result.reason : undefined,
  };
  const done = { dueAt: now + KEEP_DELIVERY_MS };
  if (result.outcome === "delivered") return { ...next, state: "delivered", ...done };
  if (result.outcome === "gone") return { ...next, state: "disabled", lastError: "It answered 410: it wants no more webhooks.", ...done };
  const pause = result.outcome === "failed" ? PAUSES_MS[attempts - 1] : undefined;
  if (result.outcome !== "failed" || pause === undefined) return { ...next, state: "failed", ...done };
  const asked = Math.min(result.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
  return { ...next, dueAt: now + Math.ceil(Math.max(pause, asked) * (1 + JITTER * random)) };
};

/** No attempt is made: the endpoint wanted no more webhooks. */
export const disable = (delivery: Delivery, now: number): Delivery => ({
  ...delivery,
  state: "disabled",
  lastError: "The URL of the API key answered 410 before.",
  dueAt: now + KEEP_DELIVERY_MS,
});

/** The schedule begins anew, with the same event. */
export const replay = (delivery: Delivery, now: number): Delivery => ({
  ...delivery,
  state: "pending",
  attempts: 0,
  isReplay: true,
  startedAt: now,
  dueAt: now,
});

/** The event, the same in each attempt. A request that was sent again and ended again has another one. */
export const eventOf = ({ key, origin, operation, ends, event }: Delivery): WebhookEvent => {
  if (event === undefined) throw new Error("Expected a request that has ended.");
  const data = { correlationId: key.text, operation, status: `${origin}/status/${key.text}` };
  return { id: `wh_${key.text}${ends === 1 ? "" : `_${ends}`}`, ...event, data };
};

/** What the caller sees of it. */
export const viewOf = ({ state, attempts, lastStatus, lastError, dueAt }: Delivery): WebhookStatus => ({
  state: state === "waiting" ? "pending" : state,
  attempts,
  ...(lastStatus !== undefined && { lastStatus }),
  ...(lastError !== undefined && { lastError }),
  ...(state === "pending" && { nextAttemptAt: new Date(dueAt).toISOString() }),
});
