import { hash, timingSafeEqual } from "node:crypto";
import { GatewayError } from "./gateway-error.ts";

/** What a user may call. */
export type Scope = "produce" | "consume" | "full";

export type Credential = {
  readonly user: string;
  readonly password: string;
  readonly scope: Scope;
  /** The topic, or with `prefix` the beginning of the topics, that the user may touch. */
  readonly topics: { readonly name: string; readonly prefix: boolean };
};

/** Everything, for whoever has one of the credentials. */
export const ALL_TOPICS = { name: "", prefix: true } as const;

/** Reads `user:password[:produce|consume|full[:topic]]`; the topic may end with `*`. Undefined if it is not one. */
export const parseCredential = (text: string): Credential | undefined => {
  const match =
    /^(?<user>[^:]+):(?<password>[^:]+)(?::(?<scope>produce|consume|full)(?::(?<topic>[A-Za-z0-9._-]*\*|[A-Za-z0-9._-]+))?)?$/.exec(text);
  const { user, password, scope = "full", topic = "*" } = match?.groups ?? {};
  if (user === undefined || password === undefined) return undefined;
  const prefix = topic.endsWith("*");
  return { user, password, scope: scope as Scope, topics: { name: prefix ? topic.slice(0, -1) : topic, prefix } };
};

/**
 * Checks the `Authorization` header of HTTP Basic (RFC 7617). Takes the same time for every wrong password.
 * Beside UTF-8 it takes Latin-1, which `@upstash/kafka` sends.
 */
export const createAuthenticator = (credentials: readonly Credential[]): ((header: string | undefined) => Credential) => {
  const known = credentials.flatMap((credential) => {
    const pair = `${credential.user}:${credential.password}`;
    return (["utf8", "latin1"] as const).map((encoding) => ({ credential, digest: digestOf(Buffer.from(pair, encoding)) }));
  });
  return (header) => {
    const encoded = header === undefined ? undefined : /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1];
    if (encoded === undefined) throw new GatewayError(401, "Expected an Authorization header with Basic credentials.");
    const digest = digestOf(Buffer.from(encoded, "base64"));
    let found: Credential | undefined;
    for (const candidate of known) if (timingSafeEqual(candidate.digest, digest)) found = candidate.credential;
    if (found === undefined) throw new GatewayError(401, "The user or the password is wrong.");
    return found;
  };
};

// Digests are of one length whatever the password's, which the comparison needs.
const digestOf = (pair: Buffer): Buffer => hash("sha256", pair, "buffer");

/** @throws GatewayError 403 */
export const requireScope = (credential: Credential, scope: Exclude<Scope, "full">): void => {
  if (credential.scope !== "full" && credential.scope !== scope)
    throw new GatewayError(403, `User ${JSON.stringify(credential.user)} may not ${scope}.`);
};

export const mayTouch = ({ topics }: Credential, topic: string): boolean =>
  topics.prefix ? topic.startsWith(topics.name) : topic === topics.name;

/** @throws GatewayError 403 */
export const requireTopic = (credential: Credential, topic: string): void => {
  if (!mayTouch(credential, topic))
    throw new GatewayError(403, `User ${JSON.stringify(credential.user)} may not touch the topic ${JSON.stringify(topic)}.`);
};
