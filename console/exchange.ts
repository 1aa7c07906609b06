import type { Problem } from "../protocol/problem.ts";
import { type State, TERMINAL_STATES } from "../protocol/states.ts";
import type { News } from "./request.ts";

/** Where a request stands, for this page: the server's states, and what only the sender can know. */
export type ExchangeState = "sending" | State | "uncertain" | "refused" | "unanswered";

/** A state and how long after sending it was first seen. */
export type Step = { readonly state: ExchangeState; readonly afterMs: number };

/** One request of this page and all that was heard of it. Never changed, only replaced. */
export type Exchange = {
  /** Counts up from 1 on this page. */
  readonly number: number;
  readonly operation: string;
  readonly request: unknown;
  /** On the clock that `afterMs` is measured by. */
  readonly sentAtMs: number;
  readonly steps: readonly Step[];
  readonly correlationId?: string;
  readonly reply?: unknown;
  readonly problem?: Problem;
  /** Whether the server cannot be reached at the moment. */
  readonly outage: boolean;
};

export const createExchange = (number: number, operation: string, request: unknown, sentAtMs: number): Exchange => ({
  number,
  operation,
  request,
  sentAtMs,
  steps: [{ state: "sending", afterMs: 0 }],
  outage: false,
});

/** The exchange after that news. */
export const hear = (exchange: Exchange, news: News, nowMs: number): Exchange => {
  const afterMs = nowMs - exchange.sentAtMs;
  if (news.kind === "outage") return { ...exchange, outage: true };
  const heard = { ...exchange, outage: false };
  if (news.kind === "unanswered") return reach(heard, "unanswered", afterMs);
  if (news.kind !== "status") {
    const correlationId = news.problem["correlationId"];
    return {
      ...reach(heard, news.kind, afterMs),
      problem: news.problem,
      ...(typeof correlationId === "string" ? { correlationId } : {}),
    };
  }
  const { status } = news;
  const { problem: _, ...withoutProblem } = reach(heard, status.state, afterMs);
  return {
    ...withoutProblem,
    correlationId: status.correlationId,
    ...(status.reply === undefined ? {} : { reply: status.reply }),
    ...(status.error === undefined ? {} : { problem: status.error }),
  };
};

export const stateOf = (exchange: Exchange): ExchangeState => exchange.steps.at(-1)?.state ?? "sending";

/** How long the exchange took until its newest state, in milliseconds. */
export const durationOf = (exchange: Exchange): number => exchange.steps.at(-1)?.afterMs ?? 0;

/** Whether the page waits for news of an exchange in that state. */
export const isOpen = (state: ExchangeState): boolean => !ENDS.has(state);

const ENDS: ReadonlySet<ExchangeState> = new Set([...TERMINAL_STATES, "refused", "unanswered"]);

const reach = (exchange: Exchange, state: ExchangeState, afterMs: number): Exchange =>
  stateOf(exchange) === state ? exchange : { ...exchange, steps: [...exchange.steps, { state, afterMs }] };
