/** A key of a subject: 32 bytes for AES-256, under a random ID that tells it from others that the subject had or will have. */
export type SubjectKey = { readonly id: string; readonly key: Uint8Array };

/**
 * The keys that personal data is encrypted by. All calls are synchronous: events are read by the million.
 * @throws KeysUnavailableError from each if that cannot be done now
 */
export type SubjectKeys = {
  /** The key of a subject, made if it has none. It is durable when this returns: a key that is lost is data that is lost. */
  keyFor(subject: string): SubjectKey;
  /**
   * The key of a subject by its ID; null if the subject was forgotten after it was made.
   * @throws MissingKeyError if these keys never had it
   */
  find(subject: string, id: string): Uint8Array | null;
  /** How many subjects were forgotten so far, by whichever process. */
  epoch(): number;
  close(): void;
};

/** A key that should be there is not. The data may not be lost: the key may be in another store. */
export class MissingKeyError extends Error {
  override readonly name = "MissingKeyError";
}

/** The keys cannot be read or written now, as where a disk is full. Later they may. */
export class KeysUnavailableError extends Error {
  override readonly name = "KeysUnavailableError";
}
