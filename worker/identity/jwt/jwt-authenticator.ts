import { errors, jwtVerify } from "jose";
import { RejoinderError } from "../../../protocol/errors.ts";
import { type Authenticate, bearerOf, type Caller, unauthenticated } from "../authenticate.ts";
import { isScope, isSubject } from "../guard.ts";
import type { KeySet } from "./key-set.ts";
import { readTokenHeader } from "./token-header.ts";

/** The claims of a token that was verified. */
export type Claims = Readonly<Record<string, unknown>>;

/** Who calls, by the claims of a valid token. Undefined: this token is not enough, and the caller gets 401. */
export type PrincipalOf = (claims: Claims) => Caller | undefined | Promise<Caller | undefined>;

type JwtOptions = {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly algorithms: readonly string[];
  readonly keys: KeySet;
  readonly principalOf?: PrincipalOf | undefined;
  readonly now?: (() => number) | undefined;
};

/** Access tokens (RFC 9068), and those of issuers that call every token a JWT. ID tokens of some other kind, or our own tokens for a status, are no credentials. */
const TYPES = [undefined, "jwt", "at+jwt", "application/at+jwt"];

/** Of the clocks of the issuer and of this machine, in seconds. */
const TOLERANCE_SECONDS = 30;

/** So long a token counts without being verified again: a key that its issuer withdraws ends in ten minutes anyway. */
const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 500;

/** Knows callers by the token in `Authorization: Bearer`, as RFC 8725 says: algorithms, issuer, audience and type are decided here, never by the token. */
export const jwtAuthenticator = (options: JwtOptions): Authenticate => {
  const { issuer, audience, algorithms, keys, principalOf = principalOfClaims, now = Date.now } = options;
  /** Whoever calls often is not verified each time. */
  const remembered = new Map<string, { readonly caller: Caller; readonly until: number }>();

  const verify = async (token: string): Promise<{ caller: Caller; until: number }> => {
    const claims = await claimsOf(token);
    const caller = await principalOf(claims);
    if (caller === undefined) throw unauthenticated("The token is valid, but does not say who may call.");
    const exp = claims["exp"] as number;
    return { caller, until: Math.min(exp * 1_000, now() + REMEMBERED_MS) };
  };

  const claimsOf = async (token: string): Promise<Claims> => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience: [...audience],
        algorithms: [...algorithms],
        requiredClaims: ["iss", "aud", "sub", "exp"],
        clockTolerance: TOLERANCE_SECONDS,
        currentDate: new Date(now()),
      });
      return payload;
    } catch (error) {
      throw error instanceof RejoinderError ? error : unauthenticated(reasonOf(error));
    }
  };

  const reasonOf = (error: unknown): string => {
    if (error instanceof errors.JWTExpired) return "The token has expired. Get another one.";
    if (error instanceof errors.JWTClaimValidationFailed) return `The claim ${error.claim} of the token is not what this API expects.`;
    if (error instanceof errors.JOSEAlgNotAllowed) return `Expected the token to be signed by ${algorithms.join(" or ")}.`;
    if (error instanceof errors.JWKSNoMatchingKey) return "The token is signed by a key that its issuer does not have.";
    if (error instanceof errors.JWKSMultipleMatchingKeys) return "Expected the token to name its key by kid.";
    return "The token is not valid.";
  };

  return async (request) => {
    const token = bearerOf(request);
    if (token === undefined) return undefined;
    const known = remembered.get(token);
    if (known !== undefined && now() < known.until) return known.caller;
    const header = readTokenHeader(token);
    if (header === undefined) return undefined;
    const type = typeof header.typ === "string" ? header.typ.toLowerCase() : header.typ;
    if (!TYPES.some((allowed) => allowed === type)) throw unauthenticated("Expected the type of the token to be JWT or at+jwt.");
    const verified = await verify(token);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(token, verified);
    return verified.caller;
  };
};

/** The most scopes of a token that are looked at. */
const MAX_SCOPES = 50;

/**
 * `sub`, the scopes of `scope` (RFC 8693 §4.2) and `scp`, and `plan`. Other claims, such as names and addresses, do not go on to Kafka: an application that
 * needs some gives a function of its own.
 */
const principalOfClaims: PrincipalOf = ({ sub, scope, scp, plan, client_id: clientId }) => {
  if (!isSubject(sub)) throw unauthenticated("Expected the claim sub of the token to be 1 to 256 characters.");
  const named = [scope, scp].flatMap((value): unknown[] =>
    typeof value === "string" ? value.split(" ") : Array.isArray(value) ? value : [],
  );
  return {
    subject: sub,
    // A client that calls for itself (RFC 9068 §2.2).
    authtype: sub === clientId ? "service_account" : "user",
    scopes: [...new Set(named.filter(isScope))].slice(0, MAX_SCOPES),
    ...(isScope(plan) && { plan }),
  };
};
