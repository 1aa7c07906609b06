import type { JSONWebKeySet } from "jose";
import { expect, test, vi } from "vitest";
import { createKeySet } from "../../../../worker/identity/jwt/key-set.ts";
import { loadKeys } from "../../../../worker/identity/jwt/load-keys.ts";
import { createKey, publish, readsOf } from "../../support/tokens.ts";

const MINUTE = 60_000;
const key = await createKey("ES256", "1");
const newer = await createKey("ES256", "2");
const TOKEN = { payload: "", signature: "" };
const header = (kid: string) => ({ alg: "ES256", kid });

/** A set of keys whose host the test plays. */
const open = ({ sharesLoads = false } = {}) => {
  let now = 0;
  let loads = 0;
  let answer: () => Promise<JSONWebKeySet> = async () => ({ keys: [key.jwk] });
  const find = createKeySet({ load: () => (loads++, answer()), sharesLoads, now: () => now, pause: async (ms) => void (now += ms) });
  return {
    find: async (kid: string): Promise<string> =>
      find(header(kid), TOKEN).then(
        () => "found",
        ({ code }) => code as string,
      ),
    pass: (ms: number) => void (now += ms),
    answer: (next: () => Promise<JSONWebKeySet>) => void (answer = next),
    loads: () => loads,
  };
};

const down = () => Promise.reject(new Error("The host is down."));
const silence = () => void vi.spyOn(console, "error").mockImplementation(() => {});

test("keys are asked for once in ten minutes, however many tokens there are", async () => {
  const { find, pass, loads } = open();
  for (let count = 0; count < 50; count++) expect(await find("1")).toBe("found");
  pass(10 * MINUTE - 1);
  expect([await find("1"), loads()]).toEqual(["found", 1]);
  pass(1);
  expect([await find("1"), loads()]).toEqual(["found", 2]);
});

test("a flood of keys that nobody knows leads to one call in half a minute", async () => {
  const { find, pass, loads } = open();
  await find("1");
  for (let count = 0; count < 100; count++) expect(await find(`unknown-${count}`)).toBe("ERR_JWKS_NO_MATCHING_KEY");
  expect(loads()).toBe(1);
  pass(30_000);
  for (let count = 0; count < 100; count++) await find(`unknown-${count}`);
  expect(loads()).toBe(2);
});

test("a key that its issuer has added is found half a minute later at the latest", async () => {
  const { find, pass, answer } = open();
  await find("1");
  answer(async () => ({ keys: [key.jwk, newer.jwk] }));
  pass(30_000);
  expect([await find("2"), await find("1")]).toEqual(["found", "found"]);
});

test("while their host is down, keys count for an hour, and it is asked again each half minute", async () => {
  silence();
  const { find, pass, answer, loads } = open();
  await find("1");
  answer(down);
  pass(10 * MINUTE);
  expect([await find("1"), await find("1"), loads()]).toEqual(["found", "found", 2]);
  pass(30_000);
  expect([await find("1"), loads()]).toEqual(["found", 3]);
  pass(50 * MINUTE);
  expect(await find("1")).toBe("IDENTITY_UNAVAILABLE");
  answer(async () => ({ keys: [key.jwk] }));
  pass(30_000);
  expect(await find("1")).toBe("found");
});

test("without any keys it is not known who calls, and their host is asked again after five seconds", async () => {
  silence();
  const { find, pass, answer, loads } = open();
  answer(down);
  expect([await find("1"), await find("1"), loads()]).toEqual(["IDENTITY_UNAVAILABLE", "IDENTITY_UNAVAILABLE", 1]);
  answer(async () => ({ keys: [key.jwk] }));
  pass(5_000);
  expect([await find("1"), loads()]).toEqual(["found", 2]);
});

test("what is no set of keys counts as a host that is down", async () => {
  silence();
  const { find, answer } = open();
  answer(async () => ({ keys: "none" }) as never);
  expect(await find("1")).toBe("IDENTITY_UNAVAILABLE");
});

test("on Node, tokens that come at once wait for one call", async () => {
  const { find, loads } = open({ sharesLoads: true });
  expect(await Promise.all(Array.from({ length: 50 }, () => find("1")))).toEqual(Array.from({ length: 50 }, () => "found"));
  expect(loads()).toBe(1);
});

test("in workerd tokens that come at once make three calls at most, and all are answered", async () => {
  const { find, loads } = open();
  expect(await Promise.all(Array.from({ length: 50 }, () => find("1")))).toEqual(Array.from({ length: 50 }, () => "found"));
  expect(loads()).toBe(3);
});

test("in workerd calls that are lost hold up nobody for long", async () => {
  const { find, pass, answer, loads } = open();
  answer(() => new Promise(() => {}));
  for (let count = 0; count < 3; count++) void find("1");
  expect([await find("1"), loads()]).toEqual(["IDENTITY_UNAVAILABLE", 3]);
  answer(async () => ({ keys: [key.jwk] }));
  pass(5_000);
  expect(await find("1")).toBe("found");
});

const issuerAt = async (metadata: (issuer: string) => unknown) => {
  const path = `/${crypto.randomUUID()}`;
  const issuer = (await publish(`${path}/jwks`, { keys: [key.jwk] })).replace(/\/jwks$/, "");
  await publish(`${path}/.well-known/openid-configuration`, metadata(issuer));
  return issuer;
};

test("keys are where the metadata of the issuer says, and a redirect is not followed", async () => {
  const issuer = await issuerAt((issuer) => ({ issuer, jwks_uri: `${issuer}/jwks` }));
  expect((await loadKeys({ issuer })).keys).toHaveLength(1);
  const jwksUrl = await publish(`/${crypto.randomUUID()}`, {}, { "x-status": "302", location: `${issuer}/jwks` });
  await expect(loadKeys({ issuer, jwksUrl })).rejects.toThrow(/answer 200/);
  expect(await readsOf(`${issuer}/jwks`)).toBe(1);
});

test("an issuer may publish its metadata as an OAuth server", async () => {
  const path = `/${crypto.randomUUID()}`;
  const issuer = (await publish(`${path}/keys`, { keys: [key.jwk] })).replace(/\/keys$/, "");
  await publish(`/.well-known/oauth-authorization-server${path}`, { issuer, jwks_uri: `${issuer}/keys` });
  expect((await loadKeys({ issuer })).keys).toHaveLength(1);
});

test("metadata of another issuer, and answers without end, are refused", async () => {
  const issuer = await issuerAt((issuer) => ({ issuer: `${issuer}/other`, jwks_uri: `${issuer}/jwks` }));
  await expect(loadKeys({ issuer })).rejects.toThrow(/JWT_JWKS_URL/);
  const jwksUrl = await publish(`/${crypto.randomUUID()}`, { keys: [], rest: "x".repeat(300_000) });
  await expect(loadKeys({ issuer, jwksUrl })).rejects.toThrow(/at most 262144 bytes/);
});
