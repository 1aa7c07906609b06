import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { SubjectKeys } from "./subject-keys.ts";

/** Personal data as it is stored, where the data was. */
export type Sealed = {
  readonly subject: string;
  /** The ID of the key. */
  readonly key: string;
  /** Base64url of a nonce (12 bytes), what AES-256-GCM makes of the JSON text, and its tag (16 bytes). */
  readonly sealed: string;
};

/** Where it is stored. Data that is moved elsewhere cannot be read. */
export type SealedPlace = {
  /** The type of the event. */
  readonly type: string;
  /** A JSON Pointer into its data. */
  readonly pointer: string;
};

/** Encrypts and decrypts personal data (NIST SP 800-38D). */
export type PersonalData = {
  seal(place: SealedPlace, subject: string, value: unknown): Sealed;
  /**
   * The data, or null if its subject was forgotten.
   * @throws Error if it is no {@link Sealed}, was changed or moved, or its key is missing
   */
  open(place: SealedPlace, sealed: unknown): unknown;
};

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export const createPersonalData = (
  keys: Pick<SubjectKeys, "keyFor" | "find">,
  random: (bytes: number) => Uint8Array = randomBytes,
): PersonalData => ({
  seal(place, subject, value) {
    const { id, key } = keys.keyFor(subject);
    const nonce = random(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key, nonce);
    cipher.setAAD(contextOf(place, subject, id));
    const text = [nonce, cipher.update(JSON.stringify(value), "utf8"), cipher.final(), cipher.getAuthTag()];
    return { subject, key: id, sealed: Buffer.concat(text).toString("base64url") };
  },
  open(place, value) {
    const { subject, key: id, sealed } = readSealed(place, value);
    const key = keys.find(subject, id);
    if (key === null) return null;
    const bytes = Buffer.from(sealed, "base64url");
    if (bytes.length < NONCE_BYTES + TAG_BYTES) throw changed(place);
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(contextOf(place, subject, id));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
      return JSON.parse(text.toString("utf8")) as unknown;
    } catch (cause) {
      throw changed(place, cause);
    }
  },
});

const contextOf = ({ type, pointer }: SealedPlace, subject: string, id: string): Buffer =>
  Buffer.from(JSON.stringify([type, pointer, subject, id]));

const readSealed = (place: SealedPlace, value: unknown): Sealed => {
  const { subject, key, sealed } = (value ?? {}) as Partial<Record<keyof Sealed, unknown>>;
  if (typeof subject === "string" && typeof key === "string" && typeof sealed === "string") return { subject, key, sealed };
  throw changed(place);
};

const changed = ({ pointer }: SealedPlace, cause?: unknown): Error =>
  new Error(`Expected ${pointer} to be personal data as it was stored, but somebody has changed or moved it.`, { cause });
