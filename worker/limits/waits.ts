import type { Context } from "hono";
import { PUBLIC_OWNER } from "../correlation-id.ts";
import type { Principal } from "../identity/principal.ts";
import type { Caller } from "../request-publisher.ts";
import type { AddressOf } from "./caller-address.ts";

/** What a caller is told who finds no room to wait. */
export const NO_ROOM =
  "Too many calls wait, of this caller or of all. Wait for fewer at the same time, or send Prefer: respond-async beside wait to be answered at once.";

/** In whose name a call waits: see {@link Caller}. */
export const waitNameOf = ({ owner }: Pick<Principal, "owner">, addressOf: AddressOf, context: Context): string => {
  if (owner !== PUBLIC_OWNER) return owner;
  const address = addressOf(context);
  return address === undefined ? PUBLIC_OWNER : `${PUBLIC_OWNER} ${address}`;
};

/** Who waits by this call. */
export const callerOf = (request: Request, waitsAs: string): Caller => new WaitingCaller(request, waitsAs);

class WaitingCaller implements Caller {
  readonly #request: Request;
  readonly waitsAs: string;

  constructor(request: Request, waitsAs: string) {
    this.#request = request;
    this.waitsAs = waitsAs;
  }

  /** It is made when it is first read, which takes a while. */
  get signal(): AbortSignal {
    return this.#request.signal;
  }
}
