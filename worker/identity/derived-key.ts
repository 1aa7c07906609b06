const ALGORITHM = { name: "HMAC", hash: "SHA-256" } as const;

/**
 * A key for one purpose, from a secret that has others: HMAC-SHA-256 of the purpose under the secret. Whoever learns what one key signed learns
 * nothing of another.
 */
export const deriveKey = async (secret: Uint8Array, purpose: string): Promise<CryptoKey> => {
  const key = await crypto.subtle.importKey("raw", secret, ALGORITHM, false, ["sign"]);
  const derived = await crypto.subtle.sign(ALGORITHM, key, new TextEncoder().encode(purpose));
  return crypto.subtle.importKey("raw", derived, ALGORITHM, false, ["sign", "verify"]);
};

/** HMAC-SHA-256 of a text. */
export const macOf = async (key: CryptoKey, text: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await crypto.subtle.sign(ALGORITHM, key, new TextEncoder().encode(text)));

/** Whether that is the HMAC-SHA-256 of a text, in a time that does not depend on where they differ. */
export const isMacOf = (key: CryptoKey, mac: Uint8Array<ArrayBuffer>, text: string): Promise<boolean> =>
  crypto.subtle.verify(ALGORITHM, key, mac, new TextEncoder().encode(text));
