import { RejoinderError } from "../protocol/errors.ts";
import { PROBLEM_CONTENT_TYPE, problemOf } from "../protocol/problem.ts";
import type { StatusBody } from "../protocol/status.ts";
import type { ReplyStore, StatusKey, StoredStatus } from "./status-store.ts";

const JSON_CONTENT_TYPE = "application/json";

/** Where the status of a request is. */
export const statusPath = (correlationId: string): string => `/status/${correlationId}`;

/** The status body as JSON text. The reply is text already, and is put in as it is. */
export const statusText = (key: StatusKey, status: StoredStatus | undefined): string => {
  const time = (ms: number): string => new Date(ms).toISOString();
  const head: StatusBody = {
    correlationId: key.text,
    ...(status?.operation == null ? {} : { operation: status.operation }),
    state: status?.state ?? "accepted",
    version: status?.version ?? 0,
    acceptedAt: time(key.createdAt),
    updatedAt: time(status?.updatedAt ?? key.createdAt),
    deadline: time(key.deadline),
    expiresAt: time(key.expiresAt),
    ...(status?.attempt == null ? {} : { attempt: status.attempt }),
  };
  const text = JSON.stringify(head);
  if (status?.body == null) return text;
  return `${text.slice(0, -1)},"${status.state === "succeeded" ? "reply" : "error"}":${status.body}}`;
};

/** Header fields of an answer. Names are in lower case. */
export type AnswerHeaders = Readonly<Record<string, string>>;

/** The 202 of a request that is not done yet. */
export const pendingAnswer = (
  key: StatusKey,
  status: StoredStatus | undefined,
  { retryAfterSeconds }: Pick<ReplyStore, "retryAfterSeconds">,
  headers: AnswerHeaders,
): Response => jsonAnswer(202, statusText(key, status), { ...headers, "retry-after": String(retryAfterSeconds) });

/** The answer to a caller who waited and got the end: the reply itself, or its problem. */
export const finalAnswer = (key: StatusKey, { state, httpStatus, body }: StoredStatus, headers: AnswerHeaders): Response =>
  jsonAnswer(httpStatus, body, {
    ...headers,
    "content-location": statusPath(key.text),
    ...(state === "succeeded" ? {} : { "content-type": PROBLEM_CONTENT_TYPE }),
  });

const BODYLESS = new Set([204, 205, 304]);

/** An answer of JSON text, unless its status has no content. */
export const jsonAnswer = (status: number, text: string | null, headers: AnswerHeaders = {}): Response =>
  BODYLESS.has(status)
    ? new Response(null, { status, headers: { "cache-control": "no-store", ...headers } })
    : new Response(text, { status, headers: { "cache-control": "no-store", "content-type": JSON_CONTENT_TYPE, ...headers } });

/** Anything thrown, as problem details. What is not an error of the table is logged, and says nothing to the caller. */
export const problemAnswer = (error: unknown, headers: AnswerHeaders = {}): Response => {
  if (!(error instanceof RejoinderError)) console.error("Unexpected error", error);
  const problem = problemOf(error);
  return jsonAnswer(problem.status, JSON.stringify(problem), {
    "content-type": PROBLEM_CONTENT_TYPE,
    ...(error instanceof RejoinderError && error.retryable ? { "retry-after": "1" } : {}),
    ...headers,
  });
};
