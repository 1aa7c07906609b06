import { namedHosts } from "../../config.ts";
import { createWebhookKeys } from "../../webhooks/webhook-keys.ts";
import { createWebhookSender } from "../../webhooks/webhook-sender.ts";
import type { Webhooks } from "../../webhooks/webhooks.ts";
import type { NodeHostConfig } from "./config.ts";
import { openWebhookFetch } from "./webhook-fetch.ts";

/**
 * What sends webhooks on Node; undefined if there are none.
 * @param hosts further names of this server
 * @throws ConfigurationError if WEBHOOK_SIGNING_KEY contradicts itself
 */
export const openWebhooks = async (
  config: NodeHostConfig,
  hosts: readonly string[],
): Promise<(Webhooks & { close(): Promise<void> }) | undefined> => {
  const keys = createWebhookKeys(config);
  if (keys === undefined) return undefined;
  await keys.publicKeys();
  const policy = { ownHosts: [...hosts, ...namedHosts(config)], allowedHosts: config.WEBHOOK_ALLOWED_HOSTS };
  const { fetch, close } = openWebhookFetch(policy);
  return { keys, policy, fetch, send: createWebhookSender({ keys, policy, fetch }), close };
};
