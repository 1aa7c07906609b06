import { exportJWK, generateKeyPair, importJWK, type JWK, type JWTHeaderParameters, SignJWT } from "jose";
import { testEnv } from "./worker.ts";

export const AUDIENCE = "https://api.example";
/** Of the Worker under test. */
export const ISSUER = `${testEnv.ISSUER_HOST_URL}/main`;

export type Claims = Readonly<Record<string, unknown>>;

/** Claims of a token for this API that is good for five minutes. */
export const claimsOf = (issuer: string, others: Claims = {}): Claims => {
  const now = Math.floor(Date.now() / 1_000);
  return { iss: issuer, aud: AUDIENCE, sub: "ada", iat: now, exp: now + 300, scope: "requests:* status:read", ...others };
};

/** Signs any claims under any header. */
export const signToken = (claims: Claims, key: CryptoKey | Uint8Array, header: JWTHeaderParameters): Promise<string> =>
  new SignJWT(claims).setProtectedHeader(header).sign(key);

/** A token of the issuer whom the Worker under test trusts. */
export const tokenOf = async (claims: Claims = {}): Promise<string> =>
  signToken(claimsOf(ISSUER, claims), (await importJWK(JSON.parse(testEnv.ISSUER_KEY) as JWK, "ES256")) as CryptoKey, {
    alg: "ES256",
    kid: "1",
  });

/** The headers of a call by somebody. */
export const bearer = (token: string): { readonly authorization: string } => ({ authorization: `Bearer ${token}` });

/** The headers of a call by that subject. */
export const as = async (sub: string, claims: Claims = {}) => bearer(await tokenOf({ sub, ...claims }));

/** Puts a document where issuers publish theirs. @returns its URL */
export const publish = async (path: string, document: unknown, headers: Record<string, string> = {}): Promise<string> => {
  const url = `${testEnv.ISSUER_HOST_URL}${path}`;
  await fetch(url, { method: "PUT", headers, body: JSON.stringify(document) });
  return url;
};

/** How often it was read. */
export const readsOf = async (url: string): Promise<number> => Number(await (await fetch(url, { headers: { "x-count": "1" } })).text());

/** A pair of keys, and what an issuer publishes of it. */
export const createKey = async (
  alg: string,
  kid: string,
): Promise<{ readonly publicKey: CryptoKey; readonly privateKey: CryptoKey; readonly jwk: JWK }> => {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { publicKey, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg } };
};
