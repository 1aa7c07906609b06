import type { ClientError } from "../../client/index.ts";
import type { Problem } from "../../protocol/problem.ts";
import { type State, TERMINAL_STATES } from "../../protocol/states.ts";
import type { StatusBody } from "../../protocol/status.ts";
import type { HttpExchange } from "./recorder.ts";

/** The state of a request for this browser: the server's states, and those that only the sender can know. */
export type EntryState = "queued" | "sending" | State | "uncertain" | "refused" | "unanswered" | "unreachable" | "gone" | "stopped";

/** A state, and when it was first heard of: milliseconds after sending. */
export type Step = { readonly state: EntryState; readonly afterMs: number };

/** An attempt at handling a request that failed: 1 is the first. */
export type FailedAttempt = { readonly attempt: number; readonly problem: Problem; readonly afterMs: number };

/** One request and all that was heard of it. Never changed, only replaced. */
export type Entry = {
  /** The trace ID. */
  readonly id: string;
  readonly traceparent: string;
  readonly operation: string;
  readonly request: unknown;
  /** Milliseconds since 1970; while queued, of when it was to be sent. */
  readonly sentAt: number;
  /** Whether it was sent as one of many at once. */
  readonly isOneOfMany: boolean;
  readonly steps: readonly Step[];
  readonly correlationId: string | undefined;
  /** The key that it was sent with, if any. */
  readonly idempotencyKey: string | undefined;
  /** The attempt that is at work, or comes next. */
  readonly attempt: number | undefined;
  readonly failedAttempts: readonly FailedAttempt[];
  /** When the next attempt begins, in milliseconds after sending. Undefined unless that is waited for. */
  readonly nextAttemptMs: number | undefined;
  /** How far the handler says that it is. */
  readonly progress: unknown;
  /** What the handler has emitted so far. */
  readonly chunks: readonly unknown[];
  /** Why it could not be cancelled when somebody asked for that. */
  readonly cancelFailure: string | undefined;
  readonly reply: unknown;
  readonly problem: Problem | undefined;
  /** What the client says of a failure that is not the server's. */
  readonly message: string | undefined;
  readonly exchanges: readonly HttpExchange[];
};

/** What is heard of a request. */
export type News =
  /** A connection was free for it. */
  | { readonly kind: "start" }
  | { readonly kind: "accepted" }
  | { readonly kind: "status"; readonly status: StatusBody }
  | { readonly kind: "reply"; readonly reply: unknown }
  | { readonly kind: "failure"; readonly error: ClientError }
  | { readonly kind: "uncancelled"; readonly error: ClientError }
  | { readonly kind: "exchange"; readonly exchange: HttpExchange };

/** The first and the newest of so many exchanges are remembered. */
const MAX_EXCHANGES = 40;

type NewEntry = Pick<Entry, "id" | "traceparent" | "operation" | "request" | "sentAt" | "isOneOfMany">;

export const createEntry = (entry: NewEntry): Entry => ({
  ...entry,
  steps: [{ state: "queued", afterMs: 0 }],
  correlationId: undefined,
  idempotencyKey: undefined,
  attempt: undefined,
  failedAttempts: [],
  nextAttemptMs: undefined,
  progress: undefined,
  chunks: [],
  cancelFailure: undefined,
  reply: undefined,
  problem: undefined,
  message: undefined,
  exchanges: [],
});

/** The entry after that news. */
export const hear = (entry: Entry, news: News, now: number): Entry => {
  switch (news.kind) {
    case "start":
      return stateOf(entry) === "queued" ? { ...entry, sentAt: now, steps: [{ state: "sending", afterMs: 0 }] } : entry;
    case "accepted":
      return isUnaccepted(entry) ? reach(entry, "accepted", now) : entry;
    case "status":
      return hearStatus(entry, news.status, now);
    case "reply":
      return { ...reach(entry, "succeeded", now), reply: news.reply };
    case "failure":
      return hearFailure(entry, news.error, now);
    case "uncancelled":
      return { ...entry, cancelFailure: news.error.message };
    case "exchange":
      return hearExchange(entry, news.exchange, now);
  }
};

const hearStatus = (entry: Entry, status: StatusBody, now: number): Entry => {
  const { correlationId, attempt, progress, chunks = [], nextAttemptAt, updatedAt } = status;
  // By the server's clock alone: this one may be wrong by hours.
  const nextAttemptMs = nextAttemptAt === undefined ? undefined : now - entry.sentAt + Date.parse(nextAttemptAt) - Date.parse(updatedAt);
  const failedAttempts = failedAttemptsOf(entry, status, now);
  const named = { ...entry, correlationId, attempt, failedAttempts, nextAttemptMs, progress, chunks };
  // The status of what Kafka may not have says accepted too.
  if (status.state === "accepted") return named;
  return { ...reach(named, status.state, now), reply: status.reply, problem: status.error };
};

/** A status tells why the attempt before its own failed: what came before that is remembered here. */
const failedAttemptsOf = ({ failedAttempts, sentAt }: Entry, { attempt, lastError }: StatusBody, now: number): Entry["failedAttempts"] => {
  const failed = attempt === undefined ? 0 : attempt - 1;
  if (lastError === undefined || failed < 1 || failed <= (failedAttempts.at(-1)?.attempt ?? 0)) return failedAttempts;
  return [...failedAttempts, { attempt: failed, problem: lastError, afterMs: now - sentAt }];
};

/** What each code of the client means for the state; any other is the server's. */
const STATES_BY_CODE: Readonly<Record<string, EntryState>> = {
  UNANSWERED: "unanswered",
  UNEXPECTED_ANSWER: "unanswered",
  UNREACHABLE: "unreachable",
  ABORTED: "stopped",
  CLOSED: "stopped",
  UNKNOWN_CORRELATION_ID: "gone",
  STATUS_GONE: "gone",
  DEADLINE_EXCEEDED: "expired",
};

const hearFailure = (entry: Entry, error: ClientError, now: number): Entry => {
  const { problem, code, message, correlationId = entry.correlationId } = error;
  const heard = { ...entry, correlationId, problem, message: problem === undefined ? message : undefined };
  // The reply has come, and is shown beside what is wrong with it; or its end was told by its status.
  if (isEnd(stateOf(entry))) return { ...heard, problem: problem ?? entry.problem };
  return reach(heard, STATES_BY_CODE[code] ?? (correlationId === undefined ? "refused" : "failed"), now);
};

const hearExchange = (entry: Entry, exchange: HttpExchange, now: number): Entry => {
  // A stream of events takes longer than what was asked beside it.
  const exchanges = [...entry.exchanges, exchange].toSorted((one, other) => one.startedAt - other.startedAt);
  if (exchanges.length > MAX_EXCHANGES) exchanges.splice(1, 1);
  const headers = new Map(exchange.answer?.headers);
  const location = headers.get("location") ?? headers.get("content-location");
  const heard = { ...entry, exchanges, correlationId: entry.correlationId ?? location?.split("/").at(-1) };
  // PRODUCE_UNKNOWN: only it names a status to look at.
  const isUncertain = exchange.answer?.status === 504 && headers.has("location");
  return isUncertain && stateOf(entry) === "sending" ? reach(heard, "uncertain", now) : heard;
};

export const stateOf = (entry: Entry): EntryState => entry.steps.at(-1)?.state ?? "sending";

/** How long the entry took until its newest state, in milliseconds. */
export const durationOf = (entry: Entry): number => entry.steps.at(-1)?.afterMs ?? 0;

const ENDS: ReadonlySet<EntryState> = new Set([...TERMINAL_STATES, "refused", "unanswered", "unreachable", "gone", "stopped"]);

/** Whether nothing more is heard of an entry in that state. */
export const isEnd = (state: EntryState): boolean => ENDS.has(state);

/** Whether the last attempt to ask about an open entry failed. */
export const isCutOff = (entry: Entry): boolean => {
  const last = entry.exchanges.findLast(({ method }) => method !== "DELETE");
  const state = stateOf(entry);
  if (last === undefined || state === "uncertain" || isEnd(state)) return false;
  return last.answer === undefined || last.answer.status >= 500;
};

/** Without the state that only the wait for it came to: it is none of the request's. */
export const withoutEndOfWait = (entry: Entry): Entry =>
  ["unreachable", "stopped"].includes(stateOf(entry)) ? { ...entry, steps: entry.steps.slice(0, -1), message: undefined } : entry;

const isUnaccepted = (entry: Entry): boolean => ["sending", "uncertain"].includes(stateOf(entry));

const reach = (entry: Entry, state: EntryState, now: number): Entry =>
  stateOf(entry) === state ? entry : { ...entry, steps: [...entry.steps, { state, afterMs: now - entry.sentAt }] };
