import { RejoinderError } from "../../protocol/errors.ts";
import { jsonResponse, problemResponse } from "../responses.ts";
import type { WebhookKeys } from "../webhooks/webhook-keys.ts";

export const WEBHOOK_KEYS_PATH = "/.well-known/webhook-keys";

/** A receiver that asks each time is spared that; a new key is published an hour before it signs alone. */
const MAX_AGE_SECONDS = 3_600;

/** `GET /.well-known/webhook-keys`: by what receivers check completion webhooks, the newest first. */
export const createWebhookKeysRoute = (keys: Pick<WebhookKeys, "publicKeys">) => async (): Promise<Response> => {
  try {
    const text = JSON.stringify({ keys: await keys.publicKeys() });
    return jsonResponse(200, text, { "cache-control": `public, max-age=${MAX_AGE_SECONDS}` });
  } catch (error) {
    return problemResponse(new RejoinderError("MISCONFIGURED", { cause: error, detail: (error as Error).message }));
  }
};
