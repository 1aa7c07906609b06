import type { KeyRegistry, StoredKey } from "../../../../worker/identity/keys/key-store.ts";

/** Keys in memory, and what was asked of them. */
export const memoryRegistry = (...stored: readonly StoredKey[]) => {
  const keys = new Map(stored.map((key) => [key.id, key]));
  const uses = new Map<string, string>();
  const calls: string[] = [];
  const registry: KeyRegistry = {
    async find(id) {
      calls.push(`find ${id}`);
      return keys.get(id);
    },
    show: async (id) => {
      const key = keys.get(id);
      return key && { key, lastUsedOn: uses.get(id) };
    },
    list: async () => ({ keys: [...keys.values()].map((key) => ({ key, lastUsedOn: uses.get(key.id) })) }),
    async write(key) {
      keys.set(key.id, key);
    },
    async markUsed(id, day) {
      calls.push(`used ${id} ${day}`);
      uses.set(id, day);
    },
  };
  return { registry, keys, calls };
};
