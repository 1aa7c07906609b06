import { hash, timingSafeEqual } from "node:crypto";
import { GatewayError } from "./gateway-error.ts";

const SCOPES = ["produce", "consume", "full", "monitor"] as const;

/** What a user may call: `monitor` is for `/metrics`, `full` for everything. */
export type Scope = (typeof SCOPES)[number];

export type Credential = {
  readonly user: string;
  readonly password: string;
  readonly scope: Scope;
  /** The topic, or with `prefix` the beginning of the topics, that the user may touch. */
  readonly topics: { readonly name: string; readonly prefix: boolean };
};

/** How a credential is written. */
export const CREDENTIAL_FORM = `user:password[:${SCOPES.join("|")}[:topic-prefix*]]`;

const CREDENTIAL = new RegExp(
  `^(?<user>[^:]+):(?<password>[^:]+)(?::(?<scope>${SCOPES.join("|")})(?::(?<topic>[A-Za-z0-9._-]*\\*|[A-Za-z0-9._-]+))?)?$`,
);

/** Reads text of the {@link CREDENTIAL_FORM}; without `*` it names a single topic. Undefined if the text has another form. */
export const parseCredential = (text: string): Credential | undefined => {
  const match = CREDENTIAL.exec(text);
  const { user, password, scope = "full", topic = "*" } = match?.groups ?? {};
  if (user === undefined || password === undefined) return undefined;
  const prefix = topic.endsWith("*");
  return { user, password, scope: scope as Scope, topics: { name: prefix ? topic.slice(0, -1) : topic, prefix } };
};

/** Finds the user of a call. Takes the same time for every wrong password. */
export type Authenticator = {
  /**
   * Reads the `Authorization` header of HTTP Basic (RFC 7617). Takes Latin-1 as well as UTF-8, since `@upstash/kafka` sends it.
   * @throws GatewayError 401
   */
  byHeader(header: string | undefined): Credential;
  /** @throws GatewayError 401 */
  byPair(user: string, password: string): Credential;
};

export const createAuthenticator = (credentials: readonly Credential[]): Authenticator => {
  const known = credentials.flatMap((credential) => {
    const pair = `${credential.user}:${credential.password}`;
    return (["utf8", "latin1"] as const).map((encoding) => ({ credential, digest: digestOf(Buffer.from(pair, encoding)) }));
  });
  const find = (pair: Buffer): Credential => {
    const digest = digestOf(pair);
    let found: Credential | undefined;
    for (const candidate of known) if (timingSafeEqual(candidate.digest, digest)) found = candidate.credential;
    if (found === undefined) throw new GatewayError(401, "The user or the password is wrong.");
    return found;
  };
  /** Users by header. There are only as many right headers as ways to write the credentials. */
  const found = new Map<string, Credential>();
  return {
    byHeader(header) {
      const before = header === undefined ? undefined : found.get(header);
      if (before !== undefined) return before;
      const encoded = header === undefined ? undefined : /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1];
      if (header === undefined || encoded === undefined)
        throw new GatewayError(401, "Expected an Authorization header with Basic credentials.");
      const credential = find(Buffer.from(encoded, "base64"));
      if (found.size < MAX_REMEMBERED) found.set(header, credential);
      return credential;
    },
    byPair: (user, password) => find(Buffer.from(`${user}:${password}`)),
  };
};

/** Spaces and letter case make for more ways to write a header than anybody uses. */
const MAX_REMEMBERED = 1000;

// The comparison needs inputs of one length, and passwords have many.
const digestOf = (pair: Buffer): Buffer => hash("sha256", pair, "buffer");

/** @throws GatewayError 403 */
export const requireScope = (credential: Credential, scope: Exclude<Scope, "full">): void => {
  if (credential.scope !== "full" && credential.scope !== scope)
    throw new GatewayError(403, `User ${JSON.stringify(credential.user)} may not ${scope}.`);
};

/** Whether the user may touch every topic. */
export const mayTouchAll = ({ topics }: Credential): boolean => topics.prefix && topics.name === "";

export const mayTouch = ({ topics }: Credential, topic: string): boolean =>
  topics.prefix ? topic.startsWith(topics.name) : topic === topics.name;

/** @throws GatewayError 403 */
export const requireTopic = (credential: Credential, topic: string): void => {
  if (!mayTouch(credential, topic))
    throw new GatewayError(403, `User ${JSON.stringify(credential.user)} may not touch the topic ${JSON.stringify(topic)}.`);
};
