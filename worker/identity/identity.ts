import type { Contract } from "../../contract/contract.ts";
import type { WorkerConfig } from "../config.ts";
import { type CorrelationIds, PUBLIC_OWNER } from "../correlation-id.ts";
import type { Authenticate } from "./authenticate.ts";
import { createGuard } from "./guard.ts";
import { jwtAuthenticator, type PrincipalOf } from "./jwt/jwt-authenticator.ts";
import { createKeySet } from "./jwt/key-set.ts";
import { loadKeys } from "./jwt/load-keys.ts";
import { createOwnerTags } from "./owner-tags.ts";
import { type Authorize, OPERATOR, type Principal } from "./principal.ts";
import { createProtectedResource, type ProtectedResource } from "./protected-resource.ts";
import { scopesOf } from "./scopes.ts";
import { createStatusTokens, type StatusTokens } from "./status-token.ts";

export type IdentityOptions = {
  readonly config: Pick<
    WorkerConfig,
    "AUTH" | "JWT_ISSUER" | "JWT_AUDIENCE" | "JWT_ALGORITHMS" | "JWT_JWKS_URL" | "CORRELATION_SECRET" | "ENVIRONMENT" | "PUBLIC_URL"
  >;
  readonly contract: Contract;
  readonly ids: CorrelationIds;
  /** The application's own way to know callers, before all others. */
  readonly authenticate?: Authenticate | undefined;
  readonly principalOf?: PrincipalOf | undefined;
  /** Knows callers by API keys, for `AUTH=keys`. */
  readonly keys?: Authenticate | undefined;
  /** As in `createKeySet`. */
  readonly sharesLoads: boolean;
  /** Whether it is known that a request came without encryption. */
  readonly isPlain: (request: Request) => boolean;
  readonly now?: (() => number) | undefined;
};

/** What the HTTP API needs in order to know its callers. */
export type Identity = {
  readonly authorize: Authorize;
  readonly statusTokens: StatusTokens;
  /** Undefined: whoever calls needs no credentials that could be had somewhere. */
  readonly protectedResource: ProtectedResource | undefined;
};

/** Puts together who may call, as the configuration and the application say. */
export const createIdentity = (options: IdentityOptions): Identity => {
  const { config, contract, ids, authenticate, principalOf, keys, sharesLoads, isPlain, now } = options;
  const { AUTH: ways = [], CORRELATION_SECRET: secrets, ENVIRONMENT: environment, JWT_ISSUER: issuer = "" } = config;
  const isProduction = environment === "production";
  const isJwt = ways.includes("jwt");
  const jwt = (): Authenticate =>
    jwtAuthenticator({
      issuer,
      audience: config.JWT_AUDIENCE ?? [],
      algorithms: config.JWT_ALGORITHMS,
      keys: createKeySet({ load: () => loadKeys({ issuer, jwksUrl: config.JWT_JWKS_URL }), sharesLoads, now }),
      principalOf,
      now,
    });
  const protectedResource =
    isJwt || ways.includes("keys")
      ? createProtectedResource({
          publicUrl: config.PUBLIC_URL,
          issuer: isJwt ? issuer : undefined,
          scopes: scopesOf(contract),
        })
      : undefined;
  const statusTokens = createStatusTokens({ secrets, environment, ids, now });
  const authorize = createGuard({
    authenticators: [...(authenticate ? [authenticate] : []), ...(ways.includes("keys") && keys ? [keys] : []), ...(isJwt ? [jwt()] : [])],
    asksAlways: authenticate !== undefined,
    readStatusToken: statusTokens.read,
    anonymous: ways.includes("public") ? anybody(isProduction) : undefined,
    ownerOf: createOwnerTags({ secrets, environment }),
    metadataUrlOf: (request) => protectedResource?.urlOf(request),
    // At home nobody listens.
    isPlain: (request) => isProduction && isPlain(request),
  });
  return { authorize, statusTokens, protectedResource };
};

/** Whoever calls without credentials where anybody may call. In production, nobody acts on the requests of others unasked. */
const anybody = (isProduction: boolean): Principal => ({
  subject: undefined,
  authtype: "unauthenticated",
  scopes: ["requests:*", "views:*", "status:read", ...(isProduction ? [] : [OPERATOR])],
  owner: PUBLIC_OWNER,
});
