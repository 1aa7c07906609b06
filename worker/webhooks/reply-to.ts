import type { Context } from "hono";
import { RejoinderError } from "../../protocol/errors.ts";
import type { Principal } from "../identity/principal.ts";
import type { RequestedWebhook } from "./delivery.ts";
import { checkWebhookUrl, type WebhookUrlPolicy } from "./webhook-url.ts";

type ReplyToOptions = {
  /** Absent: webhooks are switched off. */
  readonly policy: WebhookUrlPolicy | undefined;
  /** The `source` of request events: the public URL, if it is known. */
  readonly source: string;
};

/** Who wants to hear of the end of a request of that operation. */
export type WebhookFor = (operation: string) => RequestedWebhook;

/**
 * Reads who wants to hear of the end of a call's requests: `Reply-To` with one URL, in angle brackets or without, and else the URL of the
 * caller's API key.
 * @returns undefined: nobody
 * @throws RejoinderError `INVALID_REPLY_TO`, or `NOT_SUPPORTED` where webhooks are switched off
 */
export const createReplyTo =
  ({ policy, source }: ReplyToOptions) =>
  ({ req }: Context, { webhook }: Principal): WebhookFor | undefined => {
    const field = req.header("reply-to");
    if (field === undefined && (webhook === undefined || policy === undefined)) return undefined;
    const called = new URL(req.url);
    const origin = URL.canParse(source) ? source.replace(/\/$/, "") : called.origin;
    // The URL of a key was checked when the key was made. Every URL is checked at each attempt.
    if (field === undefined) return (operation) => ({ ...(webhook as Exclude<typeof webhook, undefined>), origin, operation });
    if (policy === undefined) throw new RejoinderError("NOT_SUPPORTED", { detail: OFF });
    const checked = checkWebhookUrl(readUrl(field), { ...policy, ownHosts: [...policy.ownHosts, called.hostname] });
    if (!checked.ok) throw new RejoinderError("INVALID_REPLY_TO", { detail: `${checked.reason} Nothing was sent to Kafka.` });
    return (operation) => ({ url: checked.url, origin, operation });
  };

const readUrl = (field: string): string => {
  const text = field.trim();
  return /^<[^<>]*>$/.test(text) ? text.slice(1, -1).trim() : text;
};

const OFF =
  "This Worker sends no webhooks. Send the request without Reply-To, or switch them on: set WEBHOOK_SIGNING_KEY or WEBHOOK_SECRET, with REPLY_STORE=mailbox. Nothing was sent to Kafka.";
