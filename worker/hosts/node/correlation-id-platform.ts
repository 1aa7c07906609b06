import { createHmac, createSecretKey } from "node:crypto";
import type { CorrelationIdPlatform } from "../../correlation-id.ts";

/** Correlation IDs by Node's own crypto, on the thread that asks: WebCrypto would compute each MAC on another one. */
export const nodeIds: CorrelationIdPlatform = {
  createMac(secret) {
    const key = createSecretKey(secret);
    return (content) => createHmac("sha256", key).update(content).digest();
  },
  encode: ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength).toString("base64url"),
  decode: (text) => Buffer.from(text, "base64url"),
};
