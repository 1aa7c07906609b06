import type { Demand } from "../../environment/environment.ts";
import { commaList, secretList } from "../../environment/variables.ts";
import { toBase64 } from "../../protocol/base64.ts";
import { readWebhookSecret } from "../../protocol/webhook-signature.ts";
import { readSigningKey } from "./signing-key.ts";

/** Secrets of the Standard Webhooks scheme: their bytes, the newest first. */
export const webhookSecrets = () =>
  secretList(readWebhookSecret, "Expected whsec_ and the base64 of 24 to 64 bytes; two of them while rotating, the new one first.");

const signingKeys = () =>
  secretList(
    readSigningKey,
    "Expected whsk_ and the base64 of an Ed25519 key, as `rejoinder webhooks new-key` prints it; two while rotating.",
  );

/** By what completion webhooks are signed, and where they may go. With neither a secret nor a signing key, there are none. */
export const webhookVariables = {
  WEBHOOK_SECRET: webhookSecrets().optional(),
  WEBHOOK_SIGNING_KEY: signingKeys().optional(),
  /** Receivers that need not be public, nor on https: for tests and development. */
  WEBHOOK_ALLOWED_HOSTS: commaList()
    .refine(
      (hosts) => hosts.every((host) => /^(\[[\da-f:.]+\]|[a-z\d._-]+):\d{1,5}$/.test(host)),
      "Expected host:port in lower case, comma-separated, such as 127.0.0.1:8080.",
    )
    .default([]),
};

/** A receiver of webhooks checks by WEBHOOK_SECRET, so whoever has it could sign replies if it were REPLY_SECRET. */
export const demandWebhooks: Demand = ({ WEBHOOK_SECRET: webhooks, REPLY_SECRET: replies }): Record<string, string> => {
  const ofReplies = new Set(keysIn(replies));
  return keysIn(webhooks).some((key) => ofReplies.has(key)) ? { WEBHOOK_SECRET: "Expected another secret than REPLY_SECRET." } : {};
};

const keysIn = (variable: unknown): readonly string[] =>
  typeof variable === "string"
    ? variable.split(",").flatMap((element) => {
        const key = readWebhookSecret(element.trim());
        return key === undefined ? [] : [toBase64(key)];
      })
    : [];
