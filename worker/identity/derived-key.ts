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

/** HMAC-SHA-256 of texts in UTF-8, under one key. */
export type TextMac = (text: string) => Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;

export type CreateTextMac = (key: Uint8Array<ArrayBuffer>) => TextMac;

/** That of the web, as in a Worker. */
export const createWebMac: CreateTextMac = (bytes) => {
  const key = crypto.subtle.importKey("raw", bytes, ALGORITHM, false, ["sign"]);
  return async (text) => macOf(await key, text);
};

/** Under the key that {@link deriveKey} makes of a secret. */
export const deriveMac = (createMac: CreateTextMac, secret: Uint8Array<ArrayBuffer>, purpose: string): TextMac => {
  const derived = createMac(secret)(purpose);
  if (!(derived instanceof Promise)) return createMac(derived);
  const mac = derived.then(createMac);
  return async (text) => (await mac)(text);
};

/** HMAC-SHA-256 of a text. */
export const macOf = async (key: CryptoKey, text: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await crypto.subtle.sign(ALGORITHM, key, new TextEncoder().encode(text)));

/** Whether that is the HMAC-SHA-256 of a text, in a time that does not depend on where they differ. */
export const isMacOf = (key: CryptoKey, mac: Uint8Array<ArrayBuffer>, text: string): Promise<boolean> =>
  crypto.subtle.verify(ALGORITHM, key, mac, new TextEncoder().encode(text));
