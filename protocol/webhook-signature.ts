import { fromBase64, toBase64 } from "./base64.ts";

/**
 * Signatures of the Standard Webhooks scheme 1.0: HMAC-SHA-256 over `id.timestamp.body`, over the raw bytes.
 * Secrets are `whsec_` and base64 of 24 to 64 bytes.
 */
export const WEBHOOK_ID = "webhook-id";
export const WEBHOOK_TIMESTAMP = "webhook-timestamp";
const WEBHOOK_SIGNATURE = "webhook-signature";
/** How far the timestamp of a call may be off, in seconds, unless its receiver says otherwise. */
const WEBHOOK_TOLERANCE_SECONDS = 300;

const PREFIX = "whsec_";
const ALGORITHM = { name: "HMAC", hash: "SHA-256" } as const;

export type WebhookHeaders = { readonly [WEBHOOK_ID]: string; readonly [WEBHOOK_TIMESTAMP]: string; readonly [WEBHOOK_SIGNATURE]: string };

/** A secret's key bytes, or undefined if it is not a Standard Webhooks secret. */
export const readWebhookSecret = (secret: string): Uint8Array<ArrayBuffer> | undefined => {
  if (!secret.startsWith(PREFIX)) return undefined;
  const bytes = fromBase64(secret.slice(PREFIX.length));
  return bytes !== undefined && bytes.length >= 24 && bytes.length <= 64 ? bytes : undefined;
};

/** Imports the key bytes once, so that verifying does not. */
export const importWebhookKey = (secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", secret, ALGORITHM, false, ["verify"]);

/** HMAC-SHA-256 with a secret's key bytes. The sender supplies it: `node:crypto` computes it at once, `crypto.subtle` on another thread. */
export type Hmac = (content: Uint8Array<ArrayBuffer>) => Uint8Array | Promise<Uint8Array>;

/** Makes one signature of several: `v1` is HMAC-SHA-256, `v1a` is Ed25519. */
export type WebhookSigner = { readonly version: "v1" | "v1a"; readonly sign: Hmac };

/** A body to send. `timestampSeconds` is the time of this attempt; the id stays the same. */
export type WebhookMessage = { readonly id: string; readonly timestampSeconds: number; readonly body: Uint8Array };

/** The three headers for one attempt to send a body. */
export const signWebhook = (hmac: Hmac, message: WebhookMessage): Promise<WebhookHeaders> =>
  signWebhookByAll([{ version: "v1", sign: hmac }], message);

/** The same with a signature of each signer: a receiver takes the one that it has a key for. */
export const signWebhookByAll = async (
  signers: readonly WebhookSigner[],
  { id, timestampSeconds, body }: WebhookMessage,
): Promise<WebhookHeaders> => {
  const timestamp = String(timestampSeconds);
  const content = signedContent(id, timestamp, body);
  const signatures = await Promise.all(signers.map(async ({ version, sign }) => `${version},${toBase64(await sign(content))}`));
  return { [WEBHOOK_ID]: id, [WEBHOOK_TIMESTAMP]: timestamp, [WEBHOOK_SIGNATURE]: signatures.join(" ") };
};

export type WebhookVerdict = "valid" | "missing" | "stale" | "wrong";

/**
 * Checks a call's headers against its raw body. Any of the keys may have signed, and a header may hold several signatures.
 * `crypto.subtle.verify` compares them in constant time.
 */
export const verifyWebhook = async (
  keys: readonly CryptoKey[],
  {
    headers,
    body,
    nowMs,
    toleranceSeconds = WEBHOOK_TOLERANCE_SECONDS,
  }: { headers: { get(name: string): string | null }; body: Uint8Array; nowMs: number; toleranceSeconds?: number },
): Promise<WebhookVerdict> => {
  const id = headers.get(WEBHOOK_ID);
  const timestamp = headers.get(WEBHOOK_TIMESTAMP);
  const signatures = headers.get(WEBHOOK_SIGNATURE);
  if (!id || !timestamp || !signatures) return "missing";
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowMs / 1000 - Number(timestamp)) > toleranceSeconds) return "stale";
  const content = signedContent(id, timestamp, body);
  // A few at most: two keys while rotating, two signatures while the sender does.
  const candidates = signatures.split(" ", 5).flatMap((signature) => (signature.startsWith("v1,") ? [fromBase64(signature.slice(3))] : []));
  for (const mac of candidates) {
    for (const key of keys) {
      if (mac !== undefined && (await crypto.subtle.verify(ALGORITHM, key, mac, content))) return "valid";
    }
  }
  return "wrong";
};

const signedContent = (id: string, timestamp: string, body: Uint8Array): Uint8Array<ArrayBuffer> => {
  const prefix = new TextEncoder().encode(`${id}.${timestamp}.`);
  const content = new Uint8Array(prefix.length + body.length);
  content.set(prefix);
  content.set(body, prefix.length);
  return content;
};
