import type { ListedRequestBody } from "../protocol/request-list.ts";
import type { State } from "../protocol/states.ts";
import type { Fail } from "./client-error.ts";
import type { Exchange } from "./exchange.ts";
import { pause } from "./pause.ts";

/** Which requests to list. */
export type ListOptions<Operation extends string = string> = {
  /** Absent: those of any operation. */
  readonly operation?: Operation;
  /** Absent: those in any state. */
  readonly state?: State;
  /** Ends the iteration, which then throws. */
  readonly signal?: AbortSignal;
  /** Headers to send, such as `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** A request that the caller has sent, and the state in which it is. Its correlation ID is for `resume`. */
export type ListedRequest<Operation extends string = string> = ListedRequestBody & { readonly operation: Operation };

type ListSeams = {
  /** What lists, and the member of a page that has the items. */
  readonly path: string;
  readonly kind: "requests" | "rows";
  /** The parameters of the query. */
  readonly query: Readonly<Record<string, string | undefined>>;
  /** How long the server may wait with a page, in s. */
  readonly waitSeconds: number;
  /** The parameter by which the next page is asked for. */
  readonly cursor: string;
  readonly exchange: Exchange;
  readonly fail: Fail;
  readonly closing: AbortSignal;
  readonly signal: AbortSignal | undefined;
};

/** How often at most a page is asked for again that nobody gives: for some ten seconds. */
const MAX_REPEATS = 5;

/** Asks for page after page, each when it is needed. @throws ClientError */
export const listPages = async function* ({ path, kind, query, waitSeconds, cursor, exchange, fail, closing, signal }: ListSeams) {
  const ending = AbortSignal.any(signal === undefined ? [closing] : [closing, signal]);
  // Without what is undefined.
  const parameters = new URLSearchParams(JSON.parse(JSON.stringify({ ...query, limit: 100 })) as Record<string, string>);
  let repeats = 0;
  for (;;) {
    const { list, problem, lost, isBehind, isLasting, retryAfterMs } = await exchange({
      path: `${path}?${parameters}`,
      kind,
      waitSeconds,
      signal: ending,
    }).catch((cause: unknown) => {
      throw fail(closing.aborted ? "CLOSED" : "ABORTED", { cause });
    });
    if (list !== undefined) {
      yield* list.items;
      if (list.next === undefined) return;
      parameters.set(cursor, list.next);
      repeats = 0;
    } else if (isLasting || (problem && problem["retryable"] !== true) || repeats === MAX_REPEATS)
      throw fail(problem ?? lost?.[0] ?? (isBehind ? "VIEW_BEHIND" : "UNEXPECTED_ANSWER"), lost?.[1]);
    else await pause(retryAfterMs ?? 0, repeats++, ending);
  }
};
