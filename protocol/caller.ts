import type { RequestEvent } from "./request-event.ts";

/** Who sent a request, as the Worker has found out from the credentials of the call. */
export type Caller = {
  /** What the owner of the credentials is called. Undefined: nobody knows who it was. */
  readonly subject: string | undefined;
  /** What the credentials allow, such as `requests:sum`. */
  readonly scopes: readonly string[];
  readonly plan?: string | undefined;
  /** What else the credentials say of their owner, as far as the application wants it known. */
  readonly claims: Readonly<Record<string, unknown>>;
};

/** The attributes of a request that say who sent it: CloudEvents' Auth Context extension, and two of ours. */
export type CallerAttributes = Pick<RequestEvent, "authtype" | "authid" | "authclaims" | "authsignature">;

/** Nobody knows who it was. */
export const ANONYMOUS: Caller = Object.freeze({ subject: undefined, scopes: Object.freeze([]), claims: Object.freeze({}) });

/** Whether a request says who sent it. What it says counts only if it is signed. */
export const namesCaller = ({ authid, authclaims, authsignature }: CallerAttributes): boolean =>
  authid !== undefined || authclaims !== undefined || authsignature !== undefined;

/** What of REPLY_SECRET the key is made that signs callers: see {@link signedCallerText}. */
export const CALLER_KEY_PURPOSE = "rejoinder caller";

/**
 * What is signed, so that whoever may write to the topic cannot pretend to be a caller, nor lend the name of one to another request: HMAC-SHA-256
 * under a key that is HMAC-SHA-256 of {@link CALLER_KEY_PURPOSE} under REPLY_SECRET. The data is signed as it reads, since proxies may spell it otherwise.
 */
export const signedCallerText = ({
  correlationId,
  operation,
  authtype,
  authid,
  authclaims,
  data,
}: Pick<RequestEvent, "correlationId" | "operation" | "authtype" | "authid" | "authclaims" | "data">): string =>
  JSON.stringify([correlationId, operation, authtype, authid, authclaims, data]);

/** What attribute `authclaims` says. */
export const writeCallerClaims = ({ scopes, plan, claims }: Partial<Omit<Caller, "subject">>): string =>
  JSON.stringify({ scopes, plan, claims });

/** The caller that attributes name. Only for attributes that are signed: those are ours. */
export const readCaller = ({ authid, authclaims = "{}" }: CallerAttributes): Caller => {
  const { scopes = [], plan, claims = {} } = JSON.parse(authclaims) as Partial<Caller>;
  return { subject: authid, scopes, ...(plan !== undefined && { plan }), claims };
};
