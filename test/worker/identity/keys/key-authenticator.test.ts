import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { RejoinderError } from "../../../../protocol/errors.ts";
import { createApiKey } from "../../../../worker/identity/keys/api-key.ts";
import { keyAuthenticator } from "../../../../worker/identity/keys/key-authenticator.ts";
import type { StoredKey } from "../../../../worker/identity/keys/key-store.ts";
import { host } from "../../hosts/cloudflare/test-host.ts";
import { memoryRegistry } from "./memory-registry.ts";

const { id, key } = createApiKey("live");
const stored: StoredKey = {
  id,
  hash: await host.sha256(key),
  subject: "ada",
  scopes: ["requests:sum", "status:read"],
  plan: "gold",
  createdAt: 1_000,
};

let now = 10_000;
beforeEach(() => void (now = 10_000));

const authenticate = (text: string | undefined, found: StoredKey = stored) => {
  const { registry, calls } = memoryRegistry(found);
  const used: string[] = [];
  const authenticator = keyAuthenticator({
    keys: registry,
    environment: "production",
    onUsed: (usedId) => used.push(usedId),
    sha256: host.sha256,
    now: () => now,
  });
  const request = new Request("https://api.example", { headers: text === undefined ? {} : { authorization: text } });
  return { calls, used, caller: Promise.resolve(authenticator(request)) };
};

const refusalOf = async (text: string, found?: StoredKey): Promise<string> => {
  const { used, caller } = authenticate(text, found);
  const error: unknown = await caller.catch((thrown: unknown) => thrown);
  if (!(error instanceof RejoinderError)) throw new Error(`Expected a refusal, got ${JSON.stringify(error)}.`);
  expect([error.code, used]).toEqual(["UNAUTHENTICATED", []]);
  expect(String(error.detail)).not.toContain(key.slice(-44));
  return String(error.detail);
};

test("a key lets its subject in, with its scopes and its plan", async () => {
  const { caller, used } = authenticate(`Bearer ${key}`);
  expect(await caller).toEqual({ subject: "ada", authtype: "api_key", scopes: ["requests:sum", "status:read"], plan: "gold" });
  expect(used).toEqual([id]);
});

test.each([undefined, "", "Basic dXNlcjpwYXNz", "Bearer eyJhbGciOiJFUzI1NiJ9.e30.c2ln", "Bearer", "Bearer x", `Basic ${key}`])(
  "other credentials are left to others: %s",
  async (text) => {
    const { caller, calls } = authenticate(text);
    expect([await caller, calls]).toEqual([undefined, []]);
  },
);

describe("a key is refused", () => {
  test("before any lookup if it has not the form of one", async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[\w.~+/-]{0,200}$/), async (rest) => {
        const { caller, calls } = authenticate(`Bearer rj_${rest}`);
        await expect(caller).rejects.toMatchObject({ code: "UNAUTHENTICATED", detail: expect.stringContaining("rj_live_ID_SECRET") });
        expect(calls).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  test("of another environment by its name, before any lookup", async () => {
    expect(await refusalOf(`Bearer ${key.replace("rj_live_", "rj_dev_")}`)).toBe(
      "The API key is for the environment dev, and this is live. Use a key that was made here.",
    );
  });

  test("if nobody made it, in the same words as one whose secret is wrong", async () => {
    const unknown = await refusalOf(`Bearer ${createApiKey("live").key}`);
    const last = key.endsWith("2") ? "3" : "2";
    expect(await refusalOf(`Bearer ${key.slice(0, -1)}${last}`)).toBe(unknown);
    expect(unknown).toBe("There is no such API key. Make one: rejoinder keys create.");
  });

  test("once it is revoked, and whoever knows only its ID does not learn that", async () => {
    expect(await refusalOf(`Bearer ${key}`, { ...stored, revokedAt: 9_000 })).toContain("was revoked");
    const last = key.endsWith("2") ? "3" : "2";
    expect(await refusalOf(`Bearer ${key.slice(0, -1)}${last}`, { ...stored, revokedAt: 9_000 })).toContain("no such API key");
  });

  test("from the moment at which it ends, as a rotated one does after its overlap", async () => {
    const rotated = { ...stored, replacedBy: "22222222", expiresAt: 20_000 };
    now = 19_999;
    expect(await authenticate(`Bearer ${key}`, rotated).caller).toMatchObject({ subject: "ada" });
    now = 20_000;
    expect(await refusalOf(`Bearer ${key}`, rotated)).toContain("has expired at 1970-01-01T00:00:20.000Z");
  });
});

test("if the store of the keys is away, the caller is told to come again, not that the key is wrong", async () => {
  const keys = { find: () => Promise.reject(new Error("KV is away")) };
  const authenticator = keyAuthenticator({ keys, environment: "production", sha256: host.sha256 });
  const request = new Request("https://api.example", { headers: { authorization: `Bearer ${key}` } });
  await expect(authenticator(request)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", retryable: true });
});
