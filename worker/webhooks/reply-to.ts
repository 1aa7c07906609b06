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

type Asking = {
  readonly field: string | undefined;
  readonly caller: Principal;
  readonly operation: string;
  /** As the request was called. */
  readonly requestUrl: string;
};

/**
 * Who wants to hear of the end of a request: `Reply-To` with one URL, in angle brackets or without, and else the URL of the caller's API key.
 * @returns undefined: nobody
 * @throws RejoinderError `INVALID_REPLY_TO`, or `NOT_SUPPORTED` where webhooks are switched off
 */
export const createReplyTo = ({ policy, source }: ReplyToOptions) => {
  const originOf = (requestUrl: string): string => (URL.canParse(source) ? source.replace(/\/$/, "") : new URL(requestUrl).origin);

  return ({ field, caller, operation, requestUrl }: Asking): RequestedWebhook | undefined => {
    if (field === undefined) {
      if (caller.webhook === undefined || policy === undefined) return undefined;
      // It was checked when the key was made, and is at each attempt.
      return { ...caller.webhook, origin: originOf(requestUrl), operation };
    }
    if (policy === undefined) throw new RejoinderError("NOT_SUPPORTED", { detail: OFF });
    const checked = checkWebhookUrl(readUrl(field), policy);
    if (!checked.ok) throw new RejoinderError("INVALID_REPLY_TO", { detail: `${checked.reason} Nothing was sent to Kafka.` });
    return { url: checked.url, origin: originOf(requestUrl), operation };
  };
};

const readUrl = (field: string): string => {
  const text = field.trim();
  return /^<[^<>]*>$/.test(text) ? text.slice(1, -1).trim() : text;
};

const OFF =
  "This Worker sends no webhooks. Send the request without Reply-To, or switch them on: set WEBHOOK_SIGNING_KEY or WEBHOOK_SECRET, with REPLY_STORE=mailbox. Nothing was sent to Kafka.";
