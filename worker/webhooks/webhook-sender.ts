import { systemTime, type Time } from "../../environment/time.ts";
import { VERSION } from "../../protocol/version.ts";
import { MAX_RETRY_AFTER_MS } from "./delivery.ts";
import type { AttemptResult, SendWebhook, WebhookEvent } from "./webhook.ts";
import type { WebhookKeys } from "./webhook-keys.ts";
import { checkWebhookUrl, type WebhookUrlPolicy } from "./webhook-url.ts";

/** Nothing was sent, since a name has an address that webhooks never go to. */
export class RefusedAddressError extends Error {
  override readonly name = "RefusedAddressError";
}

/** The fetch of a host, which keeps webhooks out of private networks. Rejects with {@link RefusedAddressError} where it does so itself. */
export type WebhookFetch = (url: string, init: RequestInit) => Promise<Response>;

type WebhookSenderOptions = {
  readonly keys: WebhookKeys;
  readonly policy: WebhookUrlPolicy;
  readonly fetch: WebhookFetch;
  readonly time?: Pick<Time, "setTimeout" | "clearTimeout">;
};

/** For all of an attempt, as Standard Webhooks recommends at least. */
const TIMEOUT_MS = 15_000;
/** What a receiver says is read so far, so that its connection can be used again, and never kept. */
const MAX_READ_BYTES = 65_536;
const MAX_BODY_BYTES = 20_000;

/** Sends webhooks: one signed POST an attempt, which follows no redirect and ends within 15 s. */
export const createWebhookSender = ({ keys, policy, fetch, time = systemTime }: WebhookSenderOptions): SendWebhook => {
  const post = async (url: string, event: WebhookEvent, attemptAtMs: number, end: AbortSignal): Promise<AttemptResult> => {
    const body = encodeEvent(event);
    if (body.length >= MAX_BODY_BYTES) return { outcome: "refused", reason: `The event has ${MAX_BODY_BYTES} bytes or more.` };
    const signed = await keys.sign({ id: event.id, timestampSeconds: Math.floor(attemptAtMs / 1_000), body });
    const headers = { ...signed, "content-type": "application/json", "user-agent": `rejoinder/${VERSION} (webhooks)` };
    const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal: end });
    await discard(response, end);
    return toResult(response, attemptAtMs);
  };

  return async (url, event, attemptAtMs) => {
    const checked = checkWebhookUrl(url, policy);
    if (!checked.ok) return { outcome: "refused", reason: checked.reason };
    const end = new AbortController();
    const timer = time.setTimeout(() => end.abort(), TIMEOUT_MS);
    try {
      return await post(checked.url, event, attemptAtMs, end.signal);
    } catch (error) {
      if (error instanceof RefusedAddressError) return { outcome: "refused", reason: error.message };
      if (end.signal.aborted) return { outcome: "failed", reason: `There was no answer within ${TIMEOUT_MS / 1_000} s.` };
      return { outcome: "failed", reason: reasonOf(error) };
    } finally {
      time.clearTimeout(timer);
    }
  };
};

const encodeEvent = ({ type, timestamp, data }: WebhookEvent): Uint8Array =>
  new TextEncoder().encode(JSON.stringify({ type, timestamp, data }));

const toResult = ({ status, headers }: Response, attemptAtMs: number): AttemptResult => {
  if (status >= 200 && status < 300) return { outcome: "delivered", status };
  if (status === 410) return { outcome: "gone", status };
  const retryAfterMs = readRetryAfter(headers.get("retry-after"), attemptAtMs);
  const reason = status >= 300 && status < 400 ? `It answered ${status}, and redirects are not followed.` : `It answered ${status}.`;
  return { outcome: "failed", reason, status, ...(retryAfterMs !== undefined && { retryAfterMs }) };
};

/** Seconds or an HTTP-date (RFC 9110 §10.2.3), as milliseconds from now; at most a day. Undefined: it says nothing that can be understood. */
const readRetryAfter = (field: string | null, nowMs: number): number | undefined => {
  if (field === null) return undefined;
  const ms = /^\d{1,12}$/.test(field) ? Number(field) * 1_000 : field.endsWith(" GMT") ? Date.parse(field) - nowMs : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
};

/** Reads a body to its end, its limit or the end of time, whichever comes first. The status has been decisive before. */
const discard = async ({ body }: Response, end: AbortSignal): Promise<void> => {
  if (body === null) return;
  const reader = body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const ended = new Promise<{ readonly done: true; readonly value?: undefined }>((resolve) => {
    end.addEventListener("abort", () => resolve({ done: true }), { once: true });
  });
  try {
    for (let bytes = 0; bytes <= MAX_READ_BYTES;) {
      const { done, value } = await Promise.race([reader.read(), ended]);
      if (done) break;
      bytes += value.length;
    }
  } catch {
    // A body that breaks off changes nothing either.
  }
  // Not awaited: a receiver could hold it up.
  reader.cancel().catch(() => undefined);
};

/** A sentence for operators, without what a library might put into its message. */
const reasonOf = (error: unknown): string => {
  if (error instanceof Error && error.name === "ConfigurationError") return error.message;
  const { cause } = error as { readonly cause?: { readonly code?: unknown } };
  const code = typeof cause?.code === "string" && /^[A-Z_0-9]{1,64}$/.test(cause.code) ? ` (${cause.code})` : "";
  return `The connection failed${code}.`;
};
