import { RejoinderError } from "../../protocol/errors.ts";
import type { Principal } from "./principal.ts";

/** Who calls, as credentials say it. `authtype` is `unknown` unless they say that as well. */
export type Caller = Omit<Principal, "owner" | "formerOwners" | "token" | "authtype" | "subject"> & {
  readonly subject: string;
  readonly authtype?: Principal["authtype"] | undefined;
};

/**
 * Knows callers by credentials of one kind. Undefined: the request has none of that kind. Throws or rejects with {@link unauthenticated} if it
 * has, and they are not valid.
 */
export type Authenticate = (request: Request) => Caller | undefined | Promise<Caller | undefined>;

/** What an {@link Authenticate} throws to refuse credentials: the caller gets 401. @param detail what was wrong and how to mend it, without the credentials */
export const unauthenticated = (detail: string): Error => new RejoinderError("UNAUTHENTICATED", { detail });

const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;

/** The token of `Authorization: Bearer` (RFC 6750 §2.1); undefined if there is none. */
export const bearerOf = ({ headers }: Pick<Request, "headers">): string | undefined => BEARER.exec(headers.get("authorization") ?? "")?.[1];
