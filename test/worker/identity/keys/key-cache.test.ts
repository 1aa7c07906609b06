import { beforeEach, expect, test } from "vitest";
import { cacheKeys, KEY_CACHE_MS } from "../../../../worker/identity/keys/key-cache.ts";
import { KV_CACHE_SECONDS } from "../../../../worker/identity/keys/kv-keys.ts";
import type { KeyRegistry, StoredKey } from "../../../../worker/identity/keys/key-store.ts";
import { memoryRegistry } from "./memory-registry.ts";

const keyOf = (id: string): StoredKey => ({ id, hash: "a".repeat(64), subject: id, scopes: ["requests:*"], createdAt: 0 });

const DAY = Date.UTC(2026, 10, 28, 23, 59);
let now: number;
let background: (() => Promise<void>)[];
let logged: string[];
beforeEach(() => {
  now = DAY;
  background = [];
  logged = [];
});

/** Does what was left for later. */
const settle = async (): Promise<void> => {
  for (const work of background.splice(0)) await work();
};

const cacheOf = (registry: KeyRegistry) =>
  cacheKeys({ registry, inBackground: (work) => background.push(work), logError: (message) => logged.push(message), now: () => now });

test("the store and this process together show a key as it was a minute ago at most", () => {
  expect(KEY_CACHE_MS + KV_CACHE_SECONDS * 1_000).toBeLessThanOrEqual(60_000);
});

test("a key is read once, and again only when its time is up", async () => {
  const { registry, calls } = memoryRegistry(keyOf("1"));
  const cache = cacheOf(registry);
  for (let call = 0; call < 100; call++) expect(await cache.find("1")).toEqual(keyOf("1"));
  expect(calls).toEqual(["find 1"]);
  now += KEY_CACHE_MS;
  await cache.find("1");
  expect(calls).toEqual(["find 1", "find 1"]);
});

test("a key that was revoked elsewhere ends with its time", async () => {
  const { registry, keys } = memoryRegistry(keyOf("1"));
  const cache = cacheOf(registry);
  await cache.find("1");
  keys.set("1", { ...keyOf("1"), revokedAt: now });
  now += KEY_CACHE_MS - 1;
  expect(await cache.find("1")).not.toHaveProperty("revokedAt");
  now += 1;
  expect(await cache.find("1")).toHaveProperty("revokedAt");
});

test("a key in use is read again while its callers go on, once", async () => {
  const { registry, calls, keys } = memoryRegistry(keyOf("1"));
  const cache = cacheOf(registry);
  await cache.find("1");
  now += KEY_CACHE_MS - 1_000;
  keys.set("1", { ...keyOf("1"), plan: "gold" });
  for (let call = 0; call < 10; call++) expect(await cache.find("1")).toEqual(keyOf("1"));
  expect(calls).toEqual(["find 1"]);
  await settle();
  expect(calls).toEqual(["find 1", "find 1"]);
  now += KEY_CACHE_MS - 1_000;
  expect(await cache.find("1")).toMatchObject({ plan: "gold" });
});

test("what is written here counts at once, also while it is being read", async () => {
  const { registry } = memoryRegistry(keyOf("1"));
  const reading = Promise.withResolvers<void>();
  const cache = cacheOf({
    ...registry,
    async find(id) {
      const found = await registry.find(id);
      await reading.promise;
      return found;
    },
  });
  const before = cache.find("1");
  await cache.write({ ...keyOf("1"), revokedAt: now });
  reading.resolve();
  expect(await before).not.toHaveProperty("revokedAt");
  expect(await cache.find("1")).toHaveProperty("revokedAt");
});

test("an ID that does not exist is asked for once as well, and found once it was written here", async () => {
  const { registry, calls } = memoryRegistry();
  const cache = cacheOf(registry);
  for (let call = 0; call < 100; call++) expect(await cache.find("1")).toBeUndefined();
  expect(calls).toEqual(["find 1"]);
  await cache.write(keyOf("1"));
  expect(await cache.find("1")).toEqual(keyOf("1"));
});

test("any number of IDs that do not exist pushes out no key that is in use", async () => {
  const { registry, calls } = memoryRegistry(keyOf("1"));
  const cache = cacheOf(registry);
  await cache.find("1");
  for (let number = 0; number < 25_000; number++) await cache.find(`rubbish ${number}`);
  calls.length = 0;
  await cache.find("1");
  expect(calls).toEqual([]);
  // They are bounded in number, so the first ones are forgotten.
  await cache.find("rubbish 0");
  await cache.find("rubbish 24999");
  expect(calls).toEqual(["find rubbish 0"]);
});

test("a key that could not be read is asked for again by the next call", async () => {
  const { registry } = memoryRegistry(keyOf("1"));
  let isAway = true;
  const cache = cacheOf({ ...registry, find: (id) => (isAway ? Promise.reject(new Error("away")) : registry.find(id)) });
  await expect(cache.find("1")).rejects.toThrow("away");
  isAway = false;
  expect(await cache.find("1")).toEqual(keyOf("1"));
  isAway = true;
  now += KEY_CACHE_MS - 1;
  expect(await cache.find("1")).toEqual(keyOf("1"));
  await settle();
  expect(logged).toEqual(["An API key could not be read again"]);
  expect(await cache.find("1")).toEqual(keyOf("1"));
});

test("the use of a key is written down once a day, later, and a failure troubles nobody", async () => {
  const { registry, calls } = memoryRegistry(keyOf("1"));
  const cache = cacheOf(registry);
  for (let call = 0; call < 1_000; call++) cache.used("1");
  expect(calls).toEqual([]);
  await settle();
  now += 60_000;
  for (let call = 0; call < 1_000; call++) cache.used("1");
  await settle();
  expect(calls).toEqual(["used 1 2026-11-28", "used 1 2026-11-29"]);

  const broken = cacheOf({ ...registry, markUsed: () => Promise.reject(new Error("away")) });
  broken.used("1");
  await settle();
  expect(logged).toEqual(["The use of an API key was not written down"]);
});
