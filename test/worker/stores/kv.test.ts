import { expect, test } from "vitest";
import type { KeyValueStore } from "../../../worker/archive.ts";
import { kvStore } from "../../../worker/stores/kv.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { createId, replyFor, keyOf } from "../support/worker.ts";
import { testStatusStore } from "./status-store-contract.ts";

/** KV as it is far away: what a location has read, found or not, it believes for a minute of its clock. */
const cachedKv = (kv: KeyValueStore, now: () => number): KeyValueStore => {
  const seen = new Map<string, { value: string | null; until: number }>();
  return {
    put: (key, value, options) => kv.put(key, value, options),
    async get(key) {
      const cached = seen.get(key);
      if (cached !== undefined && cached.until > now()) return cached.value;
      const value = await kv.get(key);
      seen.set(key, { value, until: now() + 60_000 });
      return value;
    },
  };
};

testStatusStore("kv", () => kvStore({ kv: host.keyValues }));

test("a reply that a location believes is not there is pending, then there, and never expired in between", async () => {
  const id = await createId();
  let now = id.createdAt;
  const store = kvStore({ kv: cachedKv(host.keyValues, () => now), now: () => now });
  const seen: (string | undefined)[] = [];
  for (; now < id.deadline + 300_000; now += 10_000) {
    const status = await store.read(keyOf(id), 0);
    seen.push(typeof status === "object" ? status.state : status);
    if (now === id.deadline + 50_000) expect(await store.write([replyFor(id)])).toEqual(["stored"]);
  }
  expect([...new Set(seen)]).toEqual([undefined, "succeeded"]);
});

test("a reply that KV cannot take is to be sent again", async () => {
  const failing: KeyValueStore = { get: () => Promise.resolve(null), put: () => Promise.reject(new Error("KV PUT failed: 429")) };
  const id = await createId();
  expect(await kvStore({ kv: failing }).write([replyFor(id)])).toEqual(["retry"]);
});
