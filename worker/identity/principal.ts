import type { Context } from "hono";

/** Who calls, as the Worker knows it from the credentials of the call. */
export type Principal = {
  /** What the owner of the credentials is called: a key's ID, a token's `sub`. Undefined: nobody knows who it is. */
  readonly subject: string | undefined;
  /** As CloudEvents' Auth Context extension names it. */
  readonly authtype: "unauthenticated" | "user" | "service_account" | "api_key" | "unknown";
  /** What the caller may do: `requests:sum`, `requests:*`, `views:balances`, `views:*`, `status:read`, `operator`. */
  readonly scopes: readonly string[];
  readonly plan?: string | undefined;
  /** Told of the end of the caller's requests, unless these name another URL. */
  readonly webhook?: { readonly url: string; readonly keyId: string } | undefined;
  /** What else the credentials say of their owner. Handlers see it. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  /** The tag of the subject in correlation IDs: 6 bytes as hex. */
  readonly owner: string;
  /** The same under secrets that signed correlation IDs before, and are still listed. */
  readonly formerOwners?: readonly string[] | undefined;
  /** There if the caller has only a token for one status. */
  readonly token?: { readonly correlationId: string; readonly expiresAt: number } | undefined;
};

/** The caller of a request, if it has the scope. Throws or rejects with the RejoinderError that says why it may not call. */
export type Authorize = (context: Context, scope: string) => Principal | Promise<Principal>;

/** Acts on the requests of others. */
export const OPERATOR = "operator";

/** Ends a request before its time. Whoever may read the status of its requests may also cancel them, but for the bearer of a token to read. */
export const STATUS_CANCEL = "status:cancel";

/** Sends requests of one operation at least: no scope of a caller, but what a call asks for that may name several operations. */
export const ANY_REQUEST = "requests:";
