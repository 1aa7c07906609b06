import { ConfigurationError } from "../../../environment/environment.ts";
import { namedHosts, type WorkerConfig } from "../../config.ts";
import type { Webhooks } from "../../webhooks/webhooks.ts";
import { createWebhookKeys } from "../../webhooks/webhook-keys.ts";
import { createWebhookSender, type WebhookFetch } from "../../webhooks/webhook-sender.ts";

/** With it a call of the Worker's own zone goes in by its front door, like anybody else's, and not to the servers behind it. */
const STRICTLY_PUBLIC = "global_fetch_strictly_public";

/**
 * What sends webhooks on Cloudflare; undefined if there are none. A Worker sees no address that a name has, so none is checked here: the platform
 * has no way to private ones.
 * @throws ConfigurationError if webhooks could reach what is behind the Worker's own zone
 */
export const openWebhooks = (
  config: WorkerConfig,
  flags: Readonly<Record<string, boolean>> = Cloudflare.compatibilityFlags,
): Webhooks | undefined => {
  const keys = createWebhookKeys(config);
  if (keys === undefined) return undefined;
  if (flags[STRICTLY_PUBLIC] !== true)
    throw new ConfigurationError([
      `Webhooks need the compatibility flag ${STRICTLY_PUBLIC}. Add to wrangler.toml: compatibility_flags = ["${STRICTLY_PUBLIC}"]`,
    ]);
  const policy = { ownHosts: namedHosts(config), allowedHosts: config.WEBHOOK_ALLOWED_HOSTS };
  const call: WebhookFetch = (url, init) => fetch(url, init);
  return { keys, policy, fetch: call, send: createWebhookSender({ keys, policy, fetch: call }) };
};
