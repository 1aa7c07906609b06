import { createHmac, createSecretKey } from "node:crypto";
import type { Hmac } from "../../protocol/webhook-signature.ts";

/** HMAC-SHA-256 with one key, on this thread: to hand a few kilobytes to another one takes longer than to do it here. */
export const createSha256Hmac = (key: Uint8Array): Hmac => {
  const secret = createSecretKey(key);
  return (content) => createHmac("sha256", secret).update(content).digest();
};
