import type { KeyPage, KeyRegistry, StoredKey } from "./key-store.ts";

/** The shortest that KV allows: for so long a location may show an older version of a key. */
export const KV_CACHE_SECONDS = 30;

/** What one bulk read of KV takes. */
const PAGE = 100;

const KEY = "key:";
const USE = "used:";

/**
 * API keys in Workers KV: `key:<id>` holds a key as JSON, `used:<id>` the last day of its use, apart, so that writing down a use
 * never undoes that a key was revoked.
 */
export const kvKeys = (kv: KVNamespace): KeyRegistry => {
  const cacheTtl = KV_CACHE_SECONDS;
  const find = async (id: string): Promise<StoredKey | undefined> =>
    ((await kv.get(KEY + id, { type: "json", cacheTtl })) as StoredKey | null) ?? undefined;
  const readAll = (names: string[]): Promise<Map<string, string | null>> =>
    names.length === 0 ? Promise.resolve(new Map()) : kv.get(names, { type: "text", cacheTtl });

  return {
    find,

    async list(after): Promise<KeyPage> {
      const listed = await kv.list({ prefix: KEY, limit: PAGE, ...(after !== undefined && { cursor: after }) });
      const ids = listed.keys.map(({ name }) => name.slice(KEY.length));
      const [keys, uses] = await Promise.all([readAll(ids.map((id) => KEY + id)), readAll(ids.map((id) => USE + id))]);
      return {
        keys: ids.flatMap((id) => {
          const text = keys.get(KEY + id);
          return typeof text === "string" ? [{ key: JSON.parse(text) as StoredKey, lastUsedOn: uses.get(USE + id) ?? undefined }] : [];
        }),
        next: listed.list_complete ? undefined : listed.cursor,
      };
    },

    async show(id) {
      // A read of a missing key would be remembered in this location, and a key that was made just now refused: a list is not.
      const { keys } = await kv.list({ prefix: KEY + id, limit: 1 });
      if (keys.length === 0) return undefined;
      const [key, uses] = await Promise.all([find(id), readAll([USE + id])]);
      return key && { key, lastUsedOn: uses.get(USE + id) ?? undefined };
    },

    write: (key) => kv.put(KEY + key.id, JSON.stringify(key)),

    async markUsed(id, day) {
      // Reading costs a tenth of writing, and another isolate has mostly written it.
      const written = await readAll([USE + id]);
      if (written.get(USE + id) !== day) await kv.put(USE + id, day);
    },
  };
};
