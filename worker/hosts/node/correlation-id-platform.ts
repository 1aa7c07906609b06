import { createHmac, createSecretKey, randomFillSync } from "node:crypto";
import type { CorrelationIdPlatform } from "../../correlation-id.ts";
import type { CreateTextMac } from "../../identity/derived-key.ts";

/** Correlation IDs by Node's own crypto, on the thread that asks: WebCrypto would compute each MAC on another one. */
export const nodeIds: CorrelationIdPlatform = {
  createMac(secret) {
    const key = createSecretKey(secret);
    return (content) => createHmac("sha256", key).update(content).digest();
  },
  encode: ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength).toString("base64url"),
  decode: (text) => Buffer.from(text, "base64url"),
  // The replies of some seconds at full load: each ID is read once by the link, and a MAC is most of that.
  remembers: 10_000,
};

/** MACs of text, on the thread that asks, too. */
export const createNodeMac: CreateTextMac = (bytes) => {
  const key = createSecretKey(bytes);
  return (text) => createHmac("sha256", key).update(text).digest();
};

/** Random bytes for one ID after the other: the system is asked once for many of them. */
export const createRandomPool = (size = 4_096) => {
  const pool = new Uint8Array(size);
  let used = size;
  return (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
    if (used + bytes.length > size) {
      randomFillSync(pool);
      used = 0;
    }
    bytes.set(pool.subarray(used, used + bytes.length));
    used += bytes.length;
    return bytes;
  };
};
