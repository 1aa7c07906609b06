import { ConfigurationError } from "../../../environment/environment.ts";
import type { WebhookFetch } from "../../webhooks/webhook-sender.ts";

/** With it a call of the Worker's own zone goes in by its front door, like any other's, and not to the servers behind it. */
const STRICTLY_PUBLIC = "global_fetch_strictly_public";

/**
 * The fetch of webhooks on Cloudflare, which reaches no private address. A Worker sees no address that a name has, so none is checked here.
 */
export const cloudflareWebhookFetch: WebhookFetch = (url, init) => fetch(url, init);

/** @throws ConfigurationError if webhooks could reach what is behind the Worker's own zone */
export const checkStrictlyPublic = (flags: Readonly<Record<string, boolean>> = Cloudflare.compatibilityFlags): void => {
  if (flags[STRICTLY_PUBLIC] === true) return;
  throw new ConfigurationError([
    `Webhooks need the compatibility flag ${STRICTLY_PUBLIC}. Add to wrangler.toml: compatibility_flags = ["${STRICTLY_PUBLIC}"]`,
  ]);
};
