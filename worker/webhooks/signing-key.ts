import { fromBase64, toBase64 } from "../../protocol/base64.ts";

/** An Ed25519 key as Standard Webhooks writes it: `whsk_` and base64 of its seed, mostly with the public key behind it. */
export type SigningKey = {
  /** 32 bytes (RFC 8032 §5.1.5). */
  readonly seed: Uint8Array<ArrayBuffer>;
  /** What the text says that the public key is. */
  readonly publicKey: Uint8Array<ArrayBuffer> | undefined;
};

const PREFIX = "whsk_";
const PUBLIC_PREFIX = "whpk_";
const SEED_BYTES = 32;
const ALGORITHM = "Ed25519";
/** What stands before the seed in PKCS #8 (RFC 8410 §7), the only form of a private key that needs no public one. */
const PKCS8 = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/** Reads a signing key, or undefined if it is none. */
export const readSigningKey = (text: string): SigningKey | undefined => {
  if (!text.startsWith(PREFIX)) return undefined;
  const bytes = fromBase64(text.slice(PREFIX.length));
  if (bytes?.length !== SEED_BYTES && bytes?.length !== 2 * SEED_BYTES) return undefined;
  return { seed: bytes.slice(0, SEED_BYTES), publicKey: bytes.length === SEED_BYTES ? undefined : bytes.slice(SEED_BYTES) };
};

/** A signing key that is ready to sign. */
export type OpenSigningKey = {
  sign(content: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
  /** `whpk_…`, by which receivers check. */
  readonly publicKey: string;
};

/** Makes a signing key ready. @throws Error if the public key in it belongs to another one */
export const openSigningKey = async ({ seed, publicKey }: SigningKey): Promise<OpenSigningKey> => {
  const key = await crypto.subtle.importKey("pkcs8", Uint8Array.from([...PKCS8, ...seed]), ALGORITHM, true, ["sign"]);
  const { x = "" } = (await crypto.subtle.exportKey("jwk", key)) as JsonWebKey;
  // The JWK is in base64url (RFC 8037 §2).
  const own = `${x.replaceAll("-", "+").replaceAll("_", "/")}=`;
  if (publicKey !== undefined && toBase64(publicKey) !== own) throw new Error("the public key in it belongs to another one");
  return {
    sign: async (content) => new Uint8Array(await crypto.subtle.sign(ALGORITHM, key, content)),
    publicKey: PUBLIC_PREFIX + own,
  };
};

/** Writes a signing key of a seed, with its public key. */
export const writeSigningKey = async (
  seed: Uint8Array<ArrayBuffer>,
): Promise<{ readonly signingKey: string; readonly publicKey: string }> => {
  const { publicKey } = await openSigningKey({ seed, publicKey: undefined });
  const bytes = fromBase64(publicKey.slice(PUBLIC_PREFIX.length)) ?? new Uint8Array();
  return { signingKey: PREFIX + toBase64(Uint8Array.from([...seed, ...bytes])), publicKey };
};
