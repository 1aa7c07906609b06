import type { Context } from "hono";
import { RejoinderError } from "../protocol/errors.ts";
import { createProblem, PROBLEM_CONTENT_TYPE, problemOf } from "../protocol/problem.ts";
import type { StatusBody } from "../protocol/status.ts";
import type { StatusKey, StoredStatus } from "./reply-store.ts";

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

/** The 202 of a request that is not done yet. */
export const pendingAnswer = (context: Context, key: StatusKey, status: StoredStatus | undefined, retryAfterSeconds: number): Response => {
  context.header("Retry-After", String(retryAfterSeconds));
  return jsonAnswer(context, 202, statusText(key, status));
};

/** The answer to a caller who waited and got the end: the reply itself, or its problem. */
export const finalAnswer = (context: Context, key: StatusKey, status: StoredStatus): Response => {
  context.header("Content-Location", statusPath(key.text));
  if (status.state === "succeeded") return jsonAnswer(context, status.httpStatus, status.body);
  return jsonAnswer(context, status.httpStatus, status.body, PROBLEM_CONTENT_TYPE);
};

export const jsonAnswer = (context: Context, status: number, text: string | null, contentType = JSON_CONTENT_TYPE): Response => {
  const isEmpty = status === 204 || status === 205;
  if (!isEmpty) context.header("Content-Type", contentType);
  return context.newResponse(isEmpty ? null : text, status as 200);
};

/** Anything thrown, as problem details. What is not an error of the table is logged, and says nothing to the caller. */
export const problemAnswer = (context: Context, error: unknown): Response => {
  if (!(error instanceof RejoinderError)) console.error("Unexpected error", error);
  const problem = problemOf(error);
  // Whatever was preferred was not done.
  context.header("Preference-Applied", undefined);
  if (error instanceof RejoinderError && error.retryable) context.header("Retry-After", "1");
  return jsonAnswer(context, problem.status, JSON.stringify(problem), PROBLEM_CONTENT_TYPE);
};

/** Answers a method that a path does not take (RFC 9110 §15.5.6). */
export const methodNotAllowed =
  (...allowed: string[]) =>
  (context: Context): Response => {
    context.header("Allow", allowed.join(", "));
    const detail = `Expected ${allowed.join(" or ")}, got ${context.req.method}.`;
    return jsonAnswer(context, 405, JSON.stringify(createProblem("METHOD_NOT_ALLOWED", { detail })), PROBLEM_CONTENT_TYPE);
  };
