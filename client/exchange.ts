import type { Problem } from "../protocol/problem.ts";
import type { StatusBody } from "../protocol/status.ts";
import type { ClientErrorDetails } from "./client-error.ts";
import type { Slots } from "./slots.ts";

/** What came of asking the server once. */
type Outcome = {
  /** There is no answer, or none of this API. */
  readonly lost?: readonly ["UNANSWERED" | "UNEXPECTED_ANSWER", ClientErrorDetails];
  /** The correlation ID, if the answer names it. */
  readonly correlationId?: string | undefined;
  readonly status?: StatusBody | undefined;
  /** Why there is no reply, or no status. */
  readonly problem?: Problem | undefined;
  readonly reply?: unknown;
  /** Whether the request has ended, with the problem or else the reply. */
  readonly isEnd?: boolean;
  /** Whether to ask again at once: the server has waited before it answered, or nobody wanted it to. */
  readonly isPrompt?: boolean | undefined;
  /** How long the server wants to be left alone, in ms. */
  readonly retryAfterMs?: number;
};

type Asking = {
  readonly path: string;
  /** What the body is a request of. */
  readonly operation?: string;
  /** Sent as JSON by POST. Absent: GET. */
  readonly body?: string;
  /** How long the server may wait with its answer at most, in s. */
  readonly waitSeconds: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
};

/** Asks the server once. Rejects with the signal's reason only; everything else is an outcome. */
export type Exchange = (asking: Asking) => Promise<Outcome>;

type ExchangeOptions = { readonly url: string; readonly fetch: typeof fetch; readonly slots: Slots };

/** A server that is not asked to wait answers within this time, or something on the way has lost it. */
const PATIENCE_MS = 15_000;

export const createExchange =
  ({ url, fetch, slots }: ExchangeOptions): Exchange =>
  async ({ path, operation, body, waitSeconds, headers, signal }) => {
    const slot = await slots.take(waitSeconds, operation);
    let outcome: Outcome | undefined;
    try {
      signal.throwIfAborted();
      const response = await fetch(url + path, {
        ...(body === undefined ? {} : { method: "POST", body }),
        headers: { ...headers, "content-type": "application/json", prefer: `respond-async, wait=${slot.waitSeconds}` },
        signal: AbortSignal.any([signal, AbortSignal.timeout(slot.waitSeconds * 1000 + PATIENCE_MS)]),
      });
      return (outcome = outcomeOf(response, await response.text(), waitSeconds === 0));
    } catch (cause) {
      signal.throwIfAborted();
      return { lost: ["UNANSWERED", { cause }] };
    } finally {
      slot.release(outcome?.isEnd === true);
    }
  };

const outcomeOf = ({ status: code, headers }: Response, text: string, isPrompt: boolean): Outcome => {
  // It is there when the answer is the reply that was waited for, or what came instead.
  const end = headers.get("content-location");
  const body = parse(text) as Partial<StatusBody & Problem> | undefined;
  const status = end === null && body?.state !== undefined ? (body as StatusBody) : undefined;
  const problem = code >= 400 && body?.code !== undefined ? (body as Problem) : status?.error;
  if (code !== 304 && end === null && status === undefined && problem === undefined)
    return { lost: ["UNEXPECTED_ANSWER", { detail: `${code} ${headers.get("content-type")}` }] };
  return {
    correlationId: status?.correlationId ?? (end ?? headers.get("location"))?.split("/").at(-1),
    status,
    problem,
    reply: status === undefined ? body : status.reply,
    isEnd: end !== null || code === 200,
    isPrompt: isPrompt || headers.get("preference-applied")?.includes("wait="),
    // A date, which it can be too (RFC 9110 §10.2.3), is not for a clock that may be wrong.
    retryAfterMs: Number(headers.get("retry-after")) * 1000 || 0,
  };
};

/** Undefined if it is no JSON; so is the empty body of a reply without content. */
const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
