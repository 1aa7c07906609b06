import type { KeyRegistry, StoredKey } from "./key-store.ts";

export type KeyCacheOptions = {
  readonly registry: KeyRegistry;
  /** Does something later that nobody waits for. It never rejects. */
  readonly inBackground: (work: () => Promise<void>) => void;
  readonly logError: (message: string, error: unknown) => void;
  readonly now?: (() => number) | undefined;
};

/** A location of Workers KV may show a key as it was 30 s ago. Together that is a minute, after which a revoked key is refused everywhere. */
export const KEY_CACHE_MS = 30_000;

/** A key in use is read again before it must be, while its callers go on. */
const REFRESH_MS = 20_000;

const DAY_MS = 86_400_000;

/** Some megabytes. Unknown IDs are kept apart, so that whoever sends rubbish pushes out no key that is in use. */
const MAX_KNOWN = 10_000;
const MAX_UNKNOWN = 10_000;

/** A registry whose keys this process remembers for a while. */
export type CachedKeys = KeyRegistry & {
  /** A key was let through. The registry is told once a day, later, while nobody waits for it. */
  used(id: string): void;
};

/** Remembers the keys of a registry for {@link KEY_CACHE_MS}, also that there is none. What is written through it counts at once. */
export const cacheKeys = ({ registry, inBackground, logError, now = Date.now }: KeyCacheOptions): CachedKeys => {
  const known = new Map<string, Entry>();
  const unknown = new Map<string, Entry>();
  /** By ID, the last day of use since 1970. */
  const usedOn = new Map<string, number>();
  let writes = 0;

  const forget = (id: string): void => {
    writes += 1;
    known.delete(id);
    unknown.delete(id);
  };

  // The value is kept, not the promise: in a Worker that belongs to one request, and may end with it.
  const look = async (id: string): Promise<StoredKey | undefined> => {
    const before = writes;
    const readAt = now();
    const key = await registry.find(id);
    // Else a newer version may have been written meanwhile.
    if (before === writes) {
      known.delete(id);
      unknown.delete(id);
      const entry = { key, readAt, isRefreshing: false };
      if (key === undefined) put(unknown, id, entry, MAX_UNKNOWN);
      else put(known, id, entry, MAX_KNOWN);
    }
    return key;
  };

  const refresh = async (id: string, entry: Entry): Promise<void> => {
    try {
      await look(id);
    } catch (error) {
      entry.isRefreshing = false;
      logError("An API key could not be read again", error);
    }
  };

  return {
    ...registry,

    async find(id) {
      const entry = known.get(id) ?? unknown.get(id);
      const age = entry === undefined ? KEY_CACHE_MS : now() - entry.readAt;
      if (entry === undefined || age >= KEY_CACHE_MS) return await look(id);
      if (age >= REFRESH_MS && entry.key !== undefined && !entry.isRefreshing) {
        entry.isRefreshing = true;
        inBackground(() => refresh(id, entry));
      }
      return entry.key;
    },

    async write(key) {
      await registry.write(key);
      forget(key.id);
    },

    used(id) {
      const day = Math.floor(now() / DAY_MS);
      if (usedOn.get(id) === day) return;
      put(usedOn, id, day, MAX_KNOWN);
      const date = new Date(day * DAY_MS).toISOString().slice(0, 10);
      inBackground(() =>
        registry.markUsed(id, date).catch((error: unknown) => logError("The use of an API key was not written down", error)),
      );
    },
  };
};

type Entry = { readonly key: StoredKey | undefined; readonly readAt: number; isRefreshing: boolean };

/** Adds or replaces an entry, and drops the oldest if there are too many. */
const put = <Value>(map: Map<string, Value>, id: string, value: Value, most: number): void => {
  const [oldest] = map.size >= most && !map.has(id) ? map.keys() : [];
  if (oldest !== undefined) map.delete(oldest);
  map.set(id, value);
};
