import type { Problem } from "../protocol/problem.ts";
import type { StatusBody } from "../protocol/status.ts";
import type { ClientErrorDetails, Commit } from "./client-error.ts";
import { readEvents, type StreamEvent } from "./event-stream.ts";
import type { Slots } from "./slots.ts";

/** What came of asking the server once. */
type Outcome = Commit & {
  /** There is no answer, or none of this API. */
  readonly lost?: readonly ["UNANSWERED" | "UNEXPECTED_ANSWER", ClientErrorDetails];
  /** Whether what came instead of an answer would come again: it is no sign of trouble on the way. */
  readonly isLasting?: boolean;
  /** The correlation ID, if the answer names it. */
  readonly correlationId?: string | undefined;
  readonly status?: StatusBody | undefined;
  /** Why there is no reply, or no status. */
  readonly problem?: Problem | undefined;
  readonly reply?: unknown;
  /** A page of a list, if one was asked for. */
  readonly list?: { readonly items: readonly unknown[]; readonly next: string | undefined };
  /** A row of a view, if one was asked for: undefined if there is none. The tag names it as it is, and is empty if there never was one. */
  readonly row?: { readonly value: unknown; readonly tag: string };
  /** Whether a view has not come to where it was asked for. */
  readonly isBehind?: boolean;
  /** Whether the request has ended, with the problem or else the reply. */
  readonly isEnd?: boolean;
  /** Whether to ask again at once: the server has waited before it answered, or nobody wanted it to. */
  readonly isPrompt?: boolean | undefined;
  /** Whether a stream was asked for in vain: the server gives none, or nothing of it gets through. */
  readonly isStreamless?: boolean;
  /** How long the server wants to be left alone, in ms. */
  readonly retryAfterMs?: number;
};

type Asking = {
  readonly path: string;
  /** Default: POST if there is a body, else GET. */
  readonly method?: "DELETE" | undefined;
  /** What the body is a request of. */
  readonly operation?: string;
  /** Sent as JSON by POST. Absent: GET. */
  readonly body?: string;
  /** Of what is sent. */
  readonly key?: string | undefined;
  /** Of the aggregate of a command that is sent: the version that it must have. */
  readonly ifMatch?: number | undefined;
  /** If something else than a status is asked for: a row of a view, or a page of a list, whose items that member has. */
  readonly kind?: "row" | "rows" | "requests";
  /** How long the server may wait with its answer at most, in s. */
  readonly waitSeconds: number;
  /** The version of a status, or the tag of a row, that is known already. */
  readonly known?: number | string | undefined;
  /** If a stream of events will do: the last event that is known, and what takes those after it, see `readEvents`. It is given up after the wait. */
  readonly stream?: { readonly after: string | undefined; readonly onEvents: (events: readonly StreamEvent[]) => boolean } | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
};

/** Asks the server once. Rejects with the signal's reason only; everything else is an outcome. */
export type Exchange = (asking: Asking) => Promise<Outcome>;

type ExchangeOptions = { readonly url: string; readonly fetch: typeof fetch; readonly slots: Slots };

/** A server that is not asked to wait answers within this time, or something on the way has lost it. */
const PATIENCE_MS = 15_000;

/** A stream begins at once. If it does not, something on the way keeps it until it ends. */
const SILENCE_MS = 8_000;

const EVENT_STREAM = "text/event-stream";

export const createExchange =
  ({ url, fetch, slots }: ExchangeOptions): Exchange =>
  async ({ path, method, operation, body, key, ifMatch, kind, waitSeconds, known, stream, headers, signal }) => {
    const slot = await slots.take(waitSeconds, operation);
    // Who has no long turn asks how it stands.
    const streamed = slot.waitSeconds === waitSeconds ? stream : undefined;
    const turn = AbortSignal.timeout(slot.waitSeconds * 1000 + (streamed === undefined ? PATIENCE_MS : 0));
    const dead = streamed && new AbortController();
    const timer = dead && setTimeout(() => dead.abort(), SILENCE_MS);
    let outcome: Outcome | undefined;
    let isAlive = false;
    let hasNews = false;
    try {
      signal.throwIfAborted();
      const response = await fetch(url + path, {
        method: method ?? (body === undefined ? "GET" : "POST"),
        ...(body === undefined ? {} : { body }),
        headers: {
          ...headers,
          ...(key === undefined ? {} : { "idempotency-key": `"${key.replace(/["\\]/g, "\\$&")}"` }),
          ...(ifMatch === undefined ? {} : { "if-match": `"${ifMatch}"` }),
          "content-type": "application/json",
          prefer: `respond-async, wait=${slot.waitSeconds}`,
          ...(streamed && { accept: EVENT_STREAM }),
          ...(known === undefined
            ? {}
            : streamed?.after === undefined
              ? { "if-none-match": `"${known}"` }
              : { "last-event-id": streamed.after }),
        },
        signal: AbortSignal.any(dead === undefined ? [signal, turn] : [signal, turn, dead.signal]),
      });
      if (streamed === undefined || !response.headers.get("content-type")?.startsWith(EVENT_STREAM)) {
        outcome = outcomeOf(response, await response.text(), waitSeconds === 0, kind);
        if (streamed === undefined) return outcome;
        // That there are no streams is no end of the request.
        return response.status === 501 ? { isPrompt: true, isStreamless: true } : { ...outcome, isStreamless: response.ok };
      }
      await readEvents(response.body as NonNullable<typeof response.body>, (events) => {
        clearTimeout(timer);
        isAlive = true;
        hasNews ||= events.length > 0;
        return streamed.onEvents(events);
      });
      return { isPrompt: hasNews };
    } catch (cause) {
      signal.throwIfAborted();
      if (isAlive) return { isPrompt: hasNews || turn.aborted };
      return { lost: ["UNANSWERED", { cause }], isStreamless: dead !== undefined && (dead.signal.aborted || turn.aborted) };
    } finally {
      clearTimeout(timer);
      slot.release(outcome?.isEnd === true);
    }
  };

const outcomeOf = ({ status: code, headers }: Response, text: string, isAnyPrompt: boolean, kind: Asking["kind"]): Outcome => {
  // It is there when the answer is the reply that was waited for, or what came instead.
  const end = headers.get("content-location");
  const body = parse(text) as Partial<StatusBody & Problem & Record<"results" | "rows" | "requests" | "next", unknown>> | undefined;
  const pace = {
    isPrompt: isAnyPrompt || headers.get("preference-applied")?.includes("wait="),
    // A date, which it can be too (RFC 9110 §10.2.3), is not for a clock that may be wrong.
    retryAfterMs: Number(headers.get("retry-after")) * 1000 || 0,
  };
  const tag = /"(.*)"/.exec(headers.get("etag") ?? "")?.[1] ?? "";
  if (kind === "row" && ((code === 200 && tag !== "") || body?.code === "VIEW_ROW_NOT_FOUND"))
    return { ...pace, row: { value: code === 200 ? body : undefined, tag } };
  if (kind !== undefined && code === 202) return { ...pace, isBehind: true };
  const items = kind === undefined || kind === "row" ? undefined : body?.[kind];
  if (Array.isArray(items)) return { list: { items, next: body?.next as string | undefined } };
  const isProblem = code >= 400 && body?.code !== undefined;
  const status = end === null && !isProblem && body?.state !== undefined ? (body as StatusBody) : undefined;
  const problem = isProblem ? (body as Problem) : status?.error;
  if (code !== 304 && end === null && status === undefined && problem === undefined && body?.results === undefined)
    return { lost: ["UNEXPECTED_ANSWER", { detail: `${code} ${headers.get("content-type")}` }], isLasting: code < 500 };
  return {
    ...pace,
    correlationId: status?.correlationId ?? (end ?? headers.get("location"))?.split("/").at(-1),
    status,
    problem,
    reply: status === undefined ? body : status.reply,
    position: status?.position ?? headers.get("rejoinder-position") ?? undefined,
    aggregateVersion: status?.aggregateVersion ?? (Number(headers.get("rejoinder-aggregate-version")) || undefined),
    isEnd: end !== null || code === 200,
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
