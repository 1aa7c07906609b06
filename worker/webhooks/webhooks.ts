import type { SendWebhook } from "./webhook.ts";
import type { WebhookKeys } from "./webhook-keys.ts";
import type { WebhookFetch } from "./webhook-sender.ts";
import type { WebhookUrlPolicy } from "./webhook-url.ts";

/** What a host sends completion webhooks with. */
export type Webhooks = {
  readonly keys: WebhookKeys;
  /** Of {@link checkWebhookUrl}, for URLs that come in; `send` checks them again. */
  readonly policy: WebhookUrlPolicy;
  readonly fetch: WebhookFetch;
  readonly send: SendWebhook;
};
