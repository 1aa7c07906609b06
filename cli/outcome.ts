import type { StatusBody } from "../protocol/status.ts";
import { isTerminal, type State } from "../protocol/states.ts";
import { ClientError } from "../client/client-error.ts";

/** What a status says besides its end. */
type News = Pick<StatusBody, "attempt" | "lastError" | "nextAttemptAt" | "progress" | "redrivenAs">;

/** What became of a request, as `send`, `status` and `cancel` print it. */
export type Outcome = News & {
  readonly exitCode: number;
  readonly correlationId?: string | undefined;
  readonly state?: State | undefined;
  readonly reply?: unknown;
  /** Why there is no reply; problem details (RFC 9457) where the server says so. */
  readonly error?: object | undefined;
  /** What there is to say to people besides the reply, and what to do. */
  readonly text?: string | undefined;
};

/** Exit codes, as the usage of both calls says them. */
export const EXIT = { succeeded: 0, failed: 1, usage: 2, pending: 3, unreachable: 4 } as const;

export const EXIT_USAGE = `Exit codes: 0 succeeded; 1 failed or cancelled; 2 the call or the request is wrong; 3 expired, or not ended yet; 4 not reachable.`;

export const succeeded = (reply: unknown, correlationId: string | undefined): Outcome => ({
  exitCode: EXIT.succeeded,
  correlationId,
  state: "succeeded",
  reply,
});

/** A request that has not ended yet. */
export const pending = (correlationId: string | undefined, state: State, news: News = {}): Outcome => ({
  exitCode: EXIT.pending,
  correlationId,
  state,
  ...news,
  text: `${state}: the request has not ended yet.${attemptText(news)} Ask again: rejoinder status ${correlationId ?? "ID"} --wait 30`,
});

const attemptText = ({ attempt, lastError, nextAttemptAt }: News): string => {
  if (attempt === undefined || lastError === undefined) return "";
  const when = nextAttemptAt === undefined ? "is under way" : `begins at ${nextAttemptAt}`;
  return ` Attempt ${attempt} ${when}, since the one before failed: ${lastError.code}: ${(lastError.detail ?? lastError.title).replace(/\.$/, "")}.`;
};

/** What a status says. */
export const outcomeOfStatus = (status: StatusBody): Outcome => {
  const { correlationId, state, reply, error, attempt, lastError, nextAttemptAt, progress, redrivenAs } = status;
  if (state === "succeeded") return succeeded(reply, correlationId);
  if (!isTerminal(state)) return pending(correlationId, state, { attempt, lastError, nextAttemptAt, progress });
  return {
    exitCode: state === "expired" ? EXIT.pending : EXIT.failed,
    correlationId,
    state,
    error,
    redrivenAs,
    text: `${state}: ${error?.detail ?? error?.title ?? "there is no reply"}${redrivenAs === undefined ? "" : `\nIt was sent again as ${redrivenAs}.`}`,
  };
};

/**
 * What an error of the client means. @throws it if it is another one
 * @param of what has failed: the request, so that there is no reply, or only a call about it
 */
export const outcomeOfError = (error: unknown, url: string, of: "request" | "call" = "request"): Outcome => {
  if (!(error instanceof ClientError)) throw error;
  const { code, problem, correlationId, retryable } = error;
  if (problem === undefined)
    return {
      exitCode: EXIT.unreachable,
      correlationId,
      error: { code },
      text: `No Worker answers at ${url}${causeOf(error)}. Start one with rejoinder start, or name another with --url.`,
    };
  const told = { correlationId, error: problem, text: `${code}: ${error.message}${listOf(problem["errors"])}` };
  if (code === "UNKNOWN_CORRELATION_ID" || code === "STATUS_GONE") return { ...told, exitCode: EXIT.usage };
  const isOfRequest = of === "request" && correlationId !== undefined;
  if (isOfRequest && code === "DEADLINE_EXCEEDED") return { ...told, exitCode: EXIT.pending, state: "expired" };
  if (isOfRequest) return { ...told, exitCode: EXIT.failed, state: "failed" };
  if (problem.status < 500) return { ...told, exitCode: EXIT.usage };
  return { ...told, exitCode: retryable ? EXIT.unreachable : EXIT.failed };
};

/** Prints the reply on stdout and all else on stderr, or with `json` all of it as one line on stdout. Returns the exit code. */
export const printOutcome = ({ exitCode, text, ...told }: Outcome, json: boolean): number => {
  if (json) console.log(JSON.stringify(told));
  else {
    if (told.correlationId !== undefined) console.error(`correlation ID ${told.correlationId}`);
    if (told.state === "succeeded") console.log(JSON.stringify(told.reply, undefined, 2) ?? "");
    if (text !== undefined) console.error(text);
  }
  return exitCode;
};

/** The reason that the network gives, if any. */
const causeOf = ({ message, cause }: Error): string => {
  const inner = (cause as { cause?: { code?: string; message?: string } } | undefined)?.cause;
  return ` (${inner?.code ?? inner?.message ?? message})`;
};

/** Where a request does not fit: `errors` of the problem details. */
const listOf = (errors: unknown): string =>
  (Array.isArray(errors) ? (errors as readonly { path?: string; message?: string }[]) : [])
    .map(({ path = "", message = "" }) => `\n  ${path === "" ? "the request" : path}: ${message}`)
    .join("");
