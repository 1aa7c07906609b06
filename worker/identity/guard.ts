import type { Context } from "hono";
import { RejoinderError } from "../../protocol/errors.ts";
import { type Authenticate, bearerOf, type Caller } from "./authenticate.ts";
import type { OwnerTags } from "./owner-tags.ts";
import { ANY_REQUEST, type Authorize, type Principal, STATUS_CANCEL } from "./principal.ts";

type GuardOptions = {
  /** Asked one after another; the first that knows the caller decides. */
  readonly authenticators: readonly Authenticate[];
  /** Whether they are asked about a request without `Authorization`, too. */
  readonly asksAlways: boolean;
  /** Reads a token for one status; undefined: the text is none. Throws or rejects with `UNAUTHENTICATED`. */
  readonly readStatusToken: (text: string) => Promise<Principal | undefined>;
  /** Who has no credentials. Undefined: nobody may call without. */
  readonly anonymous: Principal | undefined;
  readonly ownerOf: (subject: string) => Promise<OwnerTags>;
  /** Where the protected-resource metadata is; undefined if there is none. */
  readonly metadataUrlOf: (request: Request) => string | undefined;
  /** Whether it is known that the request came without encryption, and must not carry credentials. */
  readonly isPlain: (request: Request) => boolean;
};

/** Where the log of requests finds the owner tag of a caller who is known. */
export const OWNER = "owner";

const TOKEN_PARAMETER = "token";

/**
 * Says who calls, and whether the caller may do that. 401 tells how to get credentials (RFC 6750 §3, RFC 9728 §5.1), 403 which scope is missing. A
 * request without credentials is decided at once if anybody may call.
 */
export const createGuard = (options: GuardOptions): Authorize => {
  const { authenticators, asksAlways, readStatusToken, anonymous, ownerOf, metadataUrlOf, isPlain } = options;

  const refuse = (request: Request, { detail, cause }: RejoinderError, error?: "invalid_token"): RejoinderError => {
    const url = metadataUrlOf(request);
    const parameters = [...(error ? [`error="${error}"`] : []), ...(url === undefined ? [] : [`resource_metadata="${url}"`])];
    const headers = { "www-authenticate": parameters.length === 0 ? "Bearer" : `Bearer ${parameters.join(", ")}` };
    return new RejoinderError("UNAUTHENTICATED", { ...(detail !== undefined && { detail }), headers, cause });
  };

  const principalOf = async (caller: Caller): Promise<Principal> => {
    const { subject, authtype = "unknown", scopes, plan, webhook, claims } = checkCaller(caller);
    return { subject, authtype, scopes, plan, webhook, claims, ...(await ownerOf(subject)) };
  };

  const ask = async (request: Request): Promise<Principal | undefined> => {
    const bearer = bearerOf(request);
    const byToken = bearer === undefined ? undefined : await readStatusToken(bearer);
    if (byToken !== undefined) return byToken;
    for (const authenticate of authenticators) {
      const caller = await authenticate(request);
      if (caller !== undefined) return principalOf(caller);
    }
    // Credentials that nothing here reads are for something in front of the Worker.
    if (request.headers.has("authorization") && authenticators.length > 0)
      throw new RejoinderError("UNAUTHENTICATED", { detail: UNREADABLE });
    return anonymous;
  };

  const identify = async (context: Context, scope: string, inUrl: string | undefined): Promise<Principal> => {
    const request = context.req.raw;
    if (isPlain(request)) throw new RejoinderError("INSECURE_TRANSPORT", { detail: PLAIN });
    try {
      const principal = inUrl === undefined ? await ask(request) : await readStatusToken(inUrl);
      if (principal === undefined)
        throw refuse(request, new RejoinderError("UNAUTHENTICATED", { detail: inUrl === undefined ? MISSING : NO_STATUS_TOKEN }));
      if (principal !== anonymous) context.set(OWNER, principal.owner);
      return permit(principal, scope);
    } catch (error) {
      if (!(error instanceof RejoinderError) || error.code !== "UNAUTHENTICATED" || "www-authenticate" in error.headers) throw error;
      throw refuse(request, error, "invalid_token");
    }
  };

  return (context, scope) => {
    const { req } = context;
    // EventSource sends no headers of ours.
    const inUrl = scope === "status:read" && req.raw.headers.get("authorization") === null ? req.query(TOKEN_PARAMETER) : undefined;
    if (inUrl === undefined && !asksAlways && anonymous !== undefined && req.raw.headers.get("authorization") === null)
      return permit(anonymous, scope);
    return identify(context, scope, inUrl);
  };
};

/** The caller, if it has the scope. @throws RejoinderError `INSUFFICIENT_SCOPE` */
export const permit = (principal: Principal, scope: string): Principal => {
  if (isAllowed(principal, scope)) return principal;
  throw new RejoinderError("INSUFFICIENT_SCOPE", {
    detail: `Expected credentials with ${scope === ANY_REQUEST ? "a scope such as requests:*" : `the scope ${scope}`}.`,
    headers: { "www-authenticate": `Bearer error="insufficient_scope", scope="${scope === ANY_REQUEST ? "requests:*" : scope}"` },
  });
};

const isAllowed = ({ scopes, token }: Principal, scope: string): boolean =>
  scopes.includes(scope) ||
  (scope.startsWith("requests:") && scopes.includes("requests:*")) ||
  (scope.startsWith("views:") && scopes.includes("views:*")) ||
  (scope === ANY_REQUEST && scopes.some((one) => one.startsWith(ANY_REQUEST))) ||
  (scope === STATUS_CANCEL && token === undefined && scopes.includes("status:read"));

const MISSING = "Expected the header Authorization: Bearer, with credentials for this API.";
const UNREADABLE = "Expected Authorization: Bearer with credentials of a kind that this Worker takes.";
const NO_STATUS_TOKEN =
  "Expected ?token= to be a token that POST /status/:correlationId/token gave. No other credentials belong into a URL: if these are valid, replace them.";
const PLAIN = "Use https://. These credentials may have been read on their way: replace them.";

const MAX_SUBJECT_LENGTH = 256;
/** What the record of a request can carry of its caller, in characters of JSON. */
export const MAX_SAID_LENGTH = 4_096;
/** RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;

export const isScope = (value: unknown): value is string => typeof value === "string" && SCOPE.test(value);

export const isSubject = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= MAX_SUBJECT_LENGTH && value.isWellFormed() && !/\p{Cc}/u.test(value);

/** What an authenticator says, if it can go into a record. @throws TypeError: the authenticator is wrong, not its caller */
const checkCaller = (caller: Caller): Caller => {
  const { subject, scopes, plan, claims } = caller;
  if (!isSubject(subject))
    throw new TypeError(`Expected a subject of 1 to ${MAX_SUBJECT_LENGTH} characters, none of them a control character.`);
  if (!Array.isArray(scopes) || !scopes.every(isScope)) throw new TypeError("Expected scopes to be an array of names without spaces.");
  if (JSON.stringify({ scopes, plan, claims }).length > MAX_SAID_LENGTH)
    throw new TypeError(`Expected scopes, plan and claims of a caller to be ${MAX_SAID_LENGTH} characters of JSON at most.`);
  return caller;
};
