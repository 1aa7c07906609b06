import { isProblem, type Problem } from "../protocol/problem.ts";
import { isTerminal, STATES } from "../protocol/states.ts";
import type { StatusBody } from "../protocol/status.ts";

/** What is heard of a request, in the order in which it is heard. */
export type News =
  /** The server said how far it is. */
  | { readonly kind: "status"; readonly status: StatusBody }
  /** The server refused the request, or to tell about it. Nothing follows. */
  | { readonly kind: "refused"; readonly problem: Problem }
  /** Kafka may have taken the request or not: `PRODUCE_UNKNOWN`. Its status, which tells, is followed. */
  | { readonly kind: "uncertain"; readonly problem: Problem }
  /** The POST got no answer, so nobody knows whether it was taken. Nothing follows. */
  | { readonly kind: "unanswered" }
  /** The status could not be read just now; it is asked for again after that pause. */
  | { readonly kind: "outage"; readonly retryAfterMs: number };

export type RequestSeams = {
  readonly fetch?: typeof fetch;
  /** Resolves after so many milliseconds, or sooner if there is reason to try again. */
  pause(ms: number): Promise<void>;
};

/** Short, so that the page soon shows a state between accepted and the end. */
const WAIT_SECONDS = 1;
const TIMEOUT_MS = 15_000;
const DEFAULT_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
const STATUS_HEADERS = { prefer: `wait=${WAIT_SECONDS}` };

/**
 * Sends a request and follows its status until it has ended. The POST is sent once, whatever happens, since a second one
 * could do the work twice; reading the status is tried again until there is an answer.
 */
export async function* sendRequest(
  operation: string,
  request: unknown,
  { fetch = globalThis.fetch, pause }: RequestSeams,
): AsyncGenerator<News, void> {
  const answer = await ask(fetch, `/requests/${encodeURIComponent(operation)}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
  const news = answer && newsOf(answer);
  if (answer === undefined || news === undefined) return yield { kind: "unanswered" };
  const { location } = answer;
  yield news.kind === "refused" && location !== undefined ? { kind: "uncertain", problem: news.problem } : news;
  if (location !== undefined) yield* follow(location, { fetch, pause });
}

async function* follow(location: string, { fetch, pause }: Required<RequestSeams>): AsyncGenerator<News, void> {
  let outages = 0;
  for (;;) {
    const answer = await ask(fetch, location, { headers: STATUS_HEADERS });
    const news = answer === undefined ? undefined : newsOf(answer);
    if (answer === undefined || news === undefined || isRetryable(news)) {
      const retryAfterMs = answer?.retryAfterMs ?? Math.min(DEFAULT_PAUSE_MS * 2 ** outages, LONGEST_PAUSE_MS);
      outages += 1;
      yield { kind: "outage", retryAfterMs };
      await pause(retryAfterMs);
      continue;
    }
    outages = 0;
    yield news;
    if (isEnd(news)) return;
    if (!answer.waited) await pause(answer.retryAfterMs ?? DEFAULT_PAUSE_MS);
  }
}

type Answer = { readonly body: unknown; readonly location?: string; readonly retryAfterMs?: number; readonly waited: boolean };

/** Undefined if there was no answer, or none in JSON, as from a proxy on the way. */
const ask = async (fetch: RequestSeams["fetch"] & {}, path: string, init: RequestInit): Promise<Answer | undefined> => {
  try {
    const response = await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const location = response.headers.get("location");
    const retryAfter = response.headers.get("retry-after") ?? "";
    return {
      body: await response.json(),
      ...(location === null ? {} : { location }),
      ...(/^\d+$/.test(retryAfter) ? { retryAfterMs: Number(retryAfter) * 1_000 } : {}),
      waited: /\bwait=/.test(response.headers.get("preference-applied") ?? ""),
    };
  } catch {
    return undefined;
  }
};

const newsOf = ({ body }: Answer): Extract<News, { kind: "status" | "refused" }> | undefined => {
  if (isProblem(body)) return { kind: "refused", problem: body };
  return isStatus(body) ? { kind: "status", status: body } : undefined;
};

const isEnd = (news: News): boolean => news.kind === "refused" || (news.kind === "status" && isTerminal(news.status.state));

const isRetryable = (news: News): boolean => news.kind === "refused" && news.problem["retryable"] === true;

const isStatus = (body: unknown): body is StatusBody => {
  if (typeof body !== "object" || body === null) return false;
  const { correlationId, state } = body as Record<string, unknown>;
  return typeof correlationId === "string" && (STATES as readonly unknown[]).includes(state);
};
