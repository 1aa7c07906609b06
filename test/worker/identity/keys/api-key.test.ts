import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createApiKey, isApiKeyId, isSameHash, readApiKey, shortEnvironment } from "../../../../worker/identity/keys/api-key.ts";
import { host } from "../../hosts/cloudflare/test-host.ts";

const BASE58 = /^[1-9A-HJ-NP-Za-km-z]+$/;

describe("a new key", () => {
  test("names its environment and its ID, and has 32 random bytes in base 58", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 48, maxLength: 48 }), fc.stringMatching(/^[a-z0-9]{1,12}$/), (bytes, environment) => {
        const pool = [...bytes];
        const { id, key } = createApiKey(environment, (into) => {
          into.set(pool.splice(0, into.length));
          return into;
        });
        expect(readApiKey(key)).toEqual({ environment, id });
        expect(isApiKeyId(id)).toBe(true);
        const secret = key.slice(`rj_${environment}_${id}_`.length);
        expect([secret.length, BASE58.test(secret)]).toEqual([44, true]);
      }),
    );
  });

  test("is another one each time", () => {
    const keys = Array.from({ length: 100 }, () => createApiKey("live"));
    expect(new Set(keys.map(({ id }) => id)).size).toBe(100);
    expect(new Set(keys.map(({ key }) => key)).size).toBe(100);
  });
});

describe("what is no key", () => {
  test("is not read, whatever it is", () => {
    const near = fc.tuple(
      fc.constantFrom("rj_", "RJ_", "rj", ""),
      fc.string(),
      fc.constantFrom("_", "__", ""),
      fc.string({ maxLength: 80 }),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 200 }),
          fc.string({ unit: "binary" }),
          near.map((parts) => parts.join("")),
        ),
        (text) => {
          expect(readApiKey(text)).toBeUndefined();
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("is a key with any one character more, less, or not of base 58", () => {
    const { key } = createApiKey("live");
    fc.assert(
      fc.property(fc.nat({ max: key.length - 1 }), fc.constantFrom("0", "O", "I", "l", "-", " ", "\n", "é", ""), (at, other) => {
        fc.pre(!(at > 2 && at < 7));
        expect(readApiKey(key.slice(0, at) + other + key.slice(at + 1))).toBeUndefined();
      }),
    );
    expect([readApiKey(`${key}1`), readApiKey(`${key}\n`), readApiKey(` ${key}`)]).toEqual([undefined, undefined, undefined]);
  });

  test("takes no longer to refuse the longer it is", () => {
    expect(readApiKey(`rj_live_${"1".repeat(1_000_000)}`)).toBeUndefined();
  });
});

test.each([
  ["production", "live"],
  ["development", "dev"],
  ["local", "local"],
  ["Staging EU (west)", "stagingeuwes"],
  ["生产", "other"],
])("keys of the environment %s begin with rj_%s_", (environment, short) => {
  expect(shortEnvironment(environment)).toBe(short);
});

test("hashes are the same only if they are the same to the last digit", async () => {
  const hash = await host.sha256("rj_live");
  // As any other program hashes it.
  expect(await host.sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  fc.assert(
    fc.property(fc.nat({ max: 63 }), fc.constantFrom(..."0123456789abcdef"), (at, digit) => {
      expect(isSameHash(hash, hash.slice(0, at) + digit + hash.slice(at + 1))).toBe(hash[at] === digit);
    }),
  );
  expect([isSameHash(hash, hash.slice(1)), isSameHash(hash, `${hash}0`), isSameHash(hash, "")]).toEqual([false, false, false]);
});
