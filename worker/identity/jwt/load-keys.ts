import type { JSONWebKeySet } from "jose";
import { LOAD_TIMEOUT_MS } from "./key-set.ts";

type LoadKeysOptions = {
  readonly issuer: string;
  /** Absent: where the metadata of the issuer says. */
  readonly jwksUrl?: string | undefined;
  readonly fetch?: typeof fetch | undefined;
};

/** Of all keys of an issuer there are a few kilobytes. */
const MAX_BYTES = 262_144;

/** Where an issuer says where its keys are: OpenID Connect Discovery 1.0 §4, RFC 8414 §3. */
const metadataUrlsOf = (issuer: string): readonly string[] => {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  return [`${origin}${path}/.well-known/openid-configuration`, `${origin}/.well-known/oauth-authorization-server${path}`];
};

/** Reads the keys of an issuer. Rejects, saying why, if they cannot be read. */
export const loadKeys = async ({ issuer, jwksUrl, fetch = globalThis.fetch }: LoadKeysOptions): Promise<JSONWebKeySet> => {
  const signal = AbortSignal.timeout(LOAD_TIMEOUT_MS);

  const read = async (url: string): Promise<Readonly<Record<string, unknown>>> => {
    const response = await fetch(url, { headers: { accept: "application/json" }, redirect: "manual", signal });
    const text = response.status === 200 ? await readText(response) : undefined;
    if (text === undefined) throw new Error(`Expected ${url} to answer 200 with at most ${MAX_BYTES} bytes, got ${response.status}.`);
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) throw new Error(`Expected ${url} to answer with a JSON object.`);
    return value as Record<string, unknown>;
  };

  const discover = async (): Promise<string> => {
    const reasons: unknown[] = [];
    for (const url of metadataUrlsOf(issuer)) {
      try {
        const metadata = await read(url);
        // Else another issuer on the same host could speak for this one.
        if (metadata["issuer"] !== issuer) throw new Error(`Expected the issuer at ${url} to be JWT_ISSUER.`);
        if (typeof metadata["jwks_uri"] === "string") return metadata["jwks_uri"];
        throw new Error(`Expected ${url} to name a jwks_uri.`);
      } catch (error) {
        reasons.push(error);
      }
    }
    throw new AggregateError(reasons, `The metadata of ${issuer} could not be read. Set JWT_JWKS_URL if it has none.`);
  };

  return (await read(jwksUrl ?? (await discover()))) as unknown as JSONWebKeySet;
};

/** The text of a body; undefined if it is too long. */
const readText = async (response: Response): Promise<string | undefined> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return new Blob(chunks as Uint8Array<ArrayBuffer>[]).text();
};
