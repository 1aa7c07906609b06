/** An API key as a store keeps it. Times are milliseconds since 1970. */
export type StoredKey = {
  /** The short name in the key's own text, by which it is found. */
  readonly id: string;
  /** SHA-256 of the whole key, as hex. The key itself is nowhere. */
  readonly hash: string;
  /** Whom the key stands for: whoever has another key of the same subject may read its requests. */
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly plan?: string | undefined;
  /** The URL that is told of the end of its requests. */
  readonly webhook?: string | undefined;
  /** For people. */
  readonly name?: string | undefined;
  readonly createdAt: number;
  readonly expiresAt?: number | undefined;
  readonly revokedAt?: number | undefined;
  /** The ID of the key that was made in its place. */
  readonly replacedBy?: string | undefined;
};

/** What checking a key needs. */
export type KeyStore = {
  /** Rejects if the store cannot be reached. */
  find(id: string): Promise<StoredKey | undefined>;
};

/** A key, and the last day on which it was used, as YYYY-MM-DD in UTC. */
export type ListedKey = { readonly key: StoredKey; readonly lastUsedOn?: string | undefined };

export type KeyPage = {
  readonly keys: readonly ListedKey[];
  /** What continues the list; undefined at its end. */
  readonly next?: string | undefined;
};

/** All keys of a Worker, for whoever makes and revokes them. */
export type KeyRegistry = KeyStore & {
  /** Keys by ID, some at a time. */
  list(after?: string): Promise<KeyPage>;
  /** The newest version of a key. */
  show(id: string): Promise<ListedKey | undefined>;
  /** Writes a key, or a newer version of it. */
  write(key: StoredKey): Promise<void>;
  /** Remembers the last day on which a key was used. */
  markUsed(id: string, day: string): Promise<void>;
};
