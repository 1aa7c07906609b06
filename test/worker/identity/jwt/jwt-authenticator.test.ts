import { base64url as encodeBase64url, exportSPKI } from "jose";
import { expect, test } from "vitest";
import { createCorrelationIds } from "../../../../worker/correlation-id.ts";
import { jwtAuthenticator, type PrincipalOf } from "../../../../worker/identity/jwt/jwt-authenticator.ts";
import { createKeySet } from "../../../../worker/identity/jwt/key-set.ts";
import { loadKeys } from "../../../../worker/identity/jwt/load-keys.ts";
import { createStatusTokens } from "../../../../worker/identity/status-token.ts";
import { host } from "../../hosts/cloudflare/test-host.ts";
import { AUDIENCE, bearer, claimsOf, createKey, publish, readsOf, signToken } from "../../support/tokens.ts";

const issuer = "https://issuer.example/";
const rsa = await createKey("RS256", "rsa");
const ec = await createKey("ES256", "ec");
const other = await createKey("ES256", "ec");
const p384 = await createKey("ES384", "p384");
const jwksUrl = await publish(`/${crypto.randomUUID()}`, { keys: [rsa.jwk, ec.jwk, p384.jwk] });
const attacker = await publish(`/${crypto.randomUUID()}`, { keys: [other.jwk] });

const authenticatorOf = (principalOf?: PrincipalOf) =>
  jwtAuthenticator({
    issuer,
    audience: [AUDIENCE, "other"],
    algorithms: ["RS256", "ES256"],
    keys: createKeySet({ load: () => loadKeys({ issuer, jwksUrl }), sharesLoads: false }),
    principalOf,
  });
const authenticate = authenticatorOf();
const ask = async (token: string, by = authenticate) => by(new Request("https://api.example/", { headers: bearer(token) }));

const claims = claimsOf(issuer);
const without = (name: string) => Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
const good = () => signToken(claims, ec.privateKey, { alg: "ES256", kid: "ec" });
const base64url = (value: unknown) => encodeBase64url.encode(JSON.stringify(value));

test("a valid token says who calls and what they may do, and nothing else of them goes on", async () => {
  expect(
    await ask(await signToken({ ...claims, email: "ada@example.com", plan: "pro" }, ec.privateKey, { alg: "ES256", kid: "ec" })),
  ).toEqual({
    subject: "ada",
    authtype: "user",
    scopes: ["requests:*", "status:read"],
    plan: "pro",
  });
});

test("an access token of a client that calls for itself is that of a service, and scp is read as scope is", async () => {
  const token = await signToken(
    { ...without("scope"), client_id: "ada", scp: ["requests:sum", "operator"], aud: ["else", "other"] },
    rsa.privateKey,
    { alg: "RS256", kid: "rsa", typ: "at+jwt" },
  );
  expect(await ask(token)).toMatchObject({ authtype: "service_account", scopes: ["requests:sum", "operator"] });
});

test("an application says itself who a token stands for, and may refuse one", async () => {
  const own = authenticatorOf(({ sub, tenant }) =>
    tenant === undefined ? undefined : { subject: `${tenant}/${sub}`, scopes: [], claims: { tenant } },
  );
  const token = await signToken({ ...claims, tenant: "acme" }, ec.privateKey, { alg: "ES256", kid: "ec" });
  expect(await ask(token, own)).toEqual({ subject: "acme/ada", scopes: [], claims: { tenant: "acme" } });
  await expect(ask(await good(), own)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
});

test("what is no token is left to others", async () => {
  for (const text of ["rj_live_x_y", "abc", "a.b", "a.b.c.d.e"]) expect(await ask(text)).toBeUndefined();
});

const sign = (payload: object, header: object = {}) =>
  signToken(payload as never, ec.privateKey, { alg: "ES256", kid: "ec", ...header } as never);

const HOSTILE: [what: string, token: () => Promise<string>, detail?: RegExp][] = [
  ["without a signature, by alg none", async () => `${base64url({ alg: "none" })}.${base64url(claims)}.`],
  [
    "signed by HS256 with the RSA public key as the secret",
    async () => signToken(claims, new TextEncoder().encode(await exportSPKI(rsa.publicKey)), { alg: "HS256", kid: "rsa" }),
    /RS256 or ES256/,
  ],
  ["signed by a key that its header brings along", () => signToken(claims, other.privateKey, { alg: "ES256", kid: "ec", jwk: other.jwk })],
  [
    "signed by a key that its header says where to find",
    () => signToken(claims, other.privateKey, { alg: "ES256", kid: "ec", jku: attacker }),
  ],
  ["signed by an algorithm that is not listed, by a key that is", () => signToken(claims, p384.privateKey, { alg: "ES384", kid: "p384" })],
  ["signed by a key that nobody knows", () => signToken(claims, other.privateKey, { alg: "ES256", kid: "unknown" }), /does not have/],
  ["of another type", () => sign(claims, { typ: "logout+jwt" }), /type/],
  ["without an audience", () => sign(without("aud")), /aud/],
  ["for another audience", () => sign({ ...claims, aud: "https://other.example" }), /aud/],
  ["of another issuer", () => sign({ ...claims, iss: "https://issuer.example" }), /iss/],
  ["without an issuer", () => sign(without("iss")), /iss/],
  ["that has expired", () => sign({ ...claims, exp: 1 }), /expired/],
  ["that never expires", () => sign(without("exp")), /exp/],
  ["that is not valid yet", () => sign({ ...claims, nbf: Date.now() }), /nbf/],
  ["without a subject", () => sign(without("sub")), /sub/],
  ["whose subject is no text", () => sign({ ...claims, sub: 7 }), /sub/],
  ["whose subject has a line break", () => sign({ ...claims, sub: "a\nb" }), /sub/],
  ["that is longer than any", () => sign({ ...claims, x: "x".repeat(9_000) }), /8192/],
  [
    "with a critical header that nobody knows",
    async () => `${base64url({ alg: "ES256", kid: "ec", crit: ["x"], x: 1 })}.${base64url(claims)}.c2ln`,
  ],
  ["with a header that is no JSON", async () => `abcd.${base64url(claims)}.c2ln`, /base64url of a JSON/],
  ["with other claims than were signed", async () => (await good()).replace(/\.[^.]+\./, `.${base64url({ ...claims, sub: "eve" })}.`)],
];

test.each(HOSTILE.map(([what, token, detail = /./]) => [what, token, detail] as const))(
  "a token %s is refused",
  async (_, token, detail) => {
    await expect(ask(await token())).rejects.toMatchObject({ code: "UNAUTHENTICATED", detail: expect.stringMatching(detail) });
  },
);

test("nobody fetches keys from where a token says", async () => {
  await ask(await signToken(claims, other.privateKey, { alg: "ES256", kid: "ec", jku: attacker })).catch(() => {});
  expect(await readsOf(attacker)).toBe(0);
});

test("a token with characters that are none of base64url is refused, also where they decode to the same", async () => {
  const [header = "", payload = "", signature = ""] = (await good()).split(".");
  for (const text of [`${header}.${payload}=.${signature}`, `${header}.${payload}.${signature}+/`, `${header}.${payload}.${signature}=`])
    expect(await Promise.resolve(ask(text)).catch(({ code }) => code)).toSatisfy((it) => it === undefined || it === "UNAUTHENTICATED");
});

test("a token for a status is no credential here", async () => {
  const secrets = [{ number: 1, secret: "x".repeat(32) }];
  const ids = createCorrelationIds({ secrets, environment: "test", ...host.ids });
  const id = await ids.create({ shard: 0, deadlineSeconds: 30, retentionSeconds: 3_600 });
  const { token } = await createStatusTokens({ secrets, environment: "test", ids }).create(id, true);
  await expect(ask(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED", detail: expect.stringContaining("type") });
});

test("a token that was verified counts for a minute, and never after it has expired", async () => {
  let nowMs = Date.now();
  const keys = createKeySet({ load: () => loadKeys({ issuer, jwksUrl }), sharesLoads: false, now: () => nowMs });
  let checks = 0;
  const counted = jwtAuthenticator({
    issuer,
    audience: [AUDIENCE],
    algorithms: ["ES256"],
    keys: (header, token) => (checks++, keys(header, token)),
    now: () => nowMs,
  });
  const exp = Math.floor(nowMs / 1_000) + 90;
  const token = await sign({ ...claims, exp });
  await ask(token, counted);
  nowMs += 59_000;
  await ask(token, counted);
  expect(checks).toBe(1);
  nowMs += 2_000;
  await ask(token, counted);
  expect(checks).toBe(2);
  nowMs = exp * 1_000 + 31_000;
  await expect(ask(token, counted)).rejects.toMatchObject({ detail: expect.stringContaining("expired") });
});
