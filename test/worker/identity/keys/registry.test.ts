import { describe, expect, test } from "vitest";
import { createApiKey } from "../../../../worker/identity/keys/api-key.ts";
import type { KeyPage, StoredKey } from "../../../../worker/identity/keys/key-store.ts";
import { host } from "../../hosts/cloudflare/test-host.ts";

const { keys } = host;

const newKey = (overrides: Partial<StoredKey> = {}): StoredKey => {
  const { id } = createApiKey("dev");
  return { id, hash: "a".repeat(64), subject: id, scopes: ["requests:*"], createdAt: 1_000, ...overrides };
};

const listAll = async (after?: string): Promise<KeyPage["keys"]> => {
  const page = await keys.list(after);
  return page.next === undefined ? page.keys : [...page.keys, ...(await listAll(page.next))];
};

describe(`the store of API keys of ${host.name}`, () => {
  test("finds a key that was written, all of it", async () => {
    const key = newKey({ name: "für Ada", plan: "gold", expiresAt: 5_000 });
    await keys.write(key);
    expect(await keys.find(key.id)).toEqual(key);
    expect(await keys.show(key.id)).toEqual({ key, lastUsedOn: undefined });
  });

  test("finds no key that nobody has written", async () => {
    expect(await keys.show("11111111")).toBeUndefined();
    expect(await keys.find("11111111")).toBeUndefined();
  });

  test("shows a key at once that was asked for before it was made", async () => {
    const key = newKey();
    await keys.show(key.id);
    await keys.write(key);
    expect(await keys.find(key.id)).toEqual(key);
  });

  test("keeps the newest version of a key, and the day of its use beside it", async () => {
    const key = newKey();
    await keys.write(key);
    await keys.markUsed(key.id, "2026-11-27");
    await keys.write({ ...key, revokedAt: 2_000 });
    await keys.markUsed(key.id, "2026-11-28");
    await keys.markUsed(key.id, "2026-11-28");
    expect(await keys.show(key.id)).toEqual({ key: { ...key, revokedAt: 2_000 }, lastUsedOn: "2026-11-28" });
  });

  test("lists every key once, by ID, also when there are many", async () => {
    const made = Array.from({ length: 230 }, () => newKey());
    for (const key of made) await keys.write(key);
    const ids = (await listAll()).map(({ key }) => key.id);
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id } of made) expect(ids).toContain(id);
  });
});
