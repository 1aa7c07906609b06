import { type ErrorCode, RejoinderError } from "../protocol/errors.ts";
import { type Problem, PROBLEM_CONTENT_TYPE, problemOf } from "../protocol/problem.ts";
import type { StatusBody } from "../protocol/status.ts";
import { NO_ROOM } from "./limits/waits.ts";
import type { PublishResult } from "./request-publisher.ts";
import type { StatusKey, StatusStore, StoredDetails, StoredStatus } from "./status-store.ts";

const JSON_CONTENT_TYPE = "application/json";

/** Where the status of a request is. */
export const statusPath = (correlationId: string): string => `/status/${correlationId}`;

/** What a handler has emitted: JSON text of each, without the first `from`. */
export type ShownChunks = { readonly texts: readonly string[]; readonly from: number };

/** The status body as JSON text. What is JSON text already is put in as it is. */
export const statusText = (key: StatusKey, status: StoredStatus | undefined, chunks?: ShownChunks): string => {
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
  if (status === undefined) return text;
  const { state, body, lateReply, details } = status;
  const said = details === undefined ? "" : detailsText(details);
  const emitted = chunks === undefined ? "" : chunksText(chunks);
  const end = body === null ? "" : `,"${state === "succeeded" ? "reply" : "error"}":${body}`;
  return `${text.slice(0, -1)}${said}${emitted}${end}${lateReply === null ? "" : `,"lateReply":${lateReply}`}}`;
};

const chunksText = ({ texts, from }: ShownChunks): string => `,"chunks":[${texts.join(",")}]${from === 0 ? "" : `,"chunksFrom":${from}`}`;

const detailsText = (details: StoredDetails): string => {
  const { lastError, nextAttemptAt, progress, redrivenAs, webhook, position, aggregateVersion } = details;
  return [
    lastError === undefined ? "" : `,"lastError":${lastError}`,
    nextAttemptAt === undefined ? "" : `,"nextAttemptAt":"${new Date(nextAttemptAt).toISOString()}"`,
    progress === undefined ? "" : `,"progress":${progress}`,
    redrivenAs === undefined ? "" : `,"redrivenAs":"${redrivenAs}"`,
    webhook === undefined ? "" : `,"webhook":${JSON.stringify(webhook)}`,
    position === undefined ? "" : `,"position":"${position}"`,
    aggregateVersion === undefined ? "" : `,"aggregateVersion":${aggregateVersion}`,
  ].join("");
};

/** Header fields of a response. Names are in lower case. */
export type ResponseHeaders = Readonly<Record<string, string>>;

/** The 202 of a request that is not done yet. @param text of its status */
export const pendingResponse = (
  text: string,
  { retryAfterSeconds }: Pick<StatusStore, "retryAfterSeconds">,
  headers: ResponseHeaders,
): Response => jsonResponse(202, text, { ...headers, "retry-after": String(retryAfterSeconds) });

/** The response to a caller who waited for the end: the reply itself, or its problem. */
export const finalResponse = (key: StatusKey, { state, httpStatus, body, details }: StoredStatus, headers: ResponseHeaders): Response =>
  jsonResponse(httpStatus, body, {
    ...headers,
    ...(details?.position === undefined ? {} : commitHeaders(details)),
    "content-location": statusPath(key.text),
    ...(state === "succeeded" ? {} : { "content-type": PROBLEM_CONTENT_TYPE }),
  });

/** Where the commit of a command is, for a caller that reads what comes of it. */
const commitHeaders = ({ position = "", aggregateVersion }: StoredDetails): ResponseHeaders => ({
  "rejoinder-position": position,
  ...(aggregateVersion !== undefined && { "rejoinder-aggregate-version": String(aggregateVersion) }),
});

/** A URL may hold a token: it stays out of caches, and of what browsers tell other sites. */
const PRIVATE = { "cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff" } as const;

const BODYLESS = new Set([204, 205, 304]);

/** A response of JSON text, unless its status has no content. */
export const jsonResponse = (status: number, text: string | null, headers: ResponseHeaders = {}): Response =>
  BODYLESS.has(status)
    ? new Response(null, { status, headers: { ...PRIVATE, ...headers } })
    : new Response(text, { status, headers: { ...PRIVATE, "content-type": JSON_CONTENT_TYPE, ...headers } });

/** Anything thrown, as problem details. An error that is not of the table is logged, and the caller learns nothing of it. */
export const problemResponse = (error: unknown, headers: ResponseHeaders = {}): Response => {
  if (!(error instanceof RejoinderError)) console.error("Unexpected error", error);
  const problem = problemOf(error);
  return jsonResponse(problem.status, JSON.stringify(problem), {
    "content-type": PROBLEM_CONTENT_TYPE,
    ...headersOf(error),
    ...headers,
  });
};

const headersOf = (error: unknown): ResponseHeaders =>
  error instanceof RejoinderError ? { ...(error.retryable && { "retry-after": "1" }), ...error.headers } : {};

/** Anything thrown, as one of the results of a response that has several: its problem, with what its header fields would say. */
export const problemResult = (error: unknown): Problem => {
  if (!(error instanceof RejoinderError)) console.error("Unexpected error", error);
  const { location, "retry-after": retryAfter } = headersOf(error);
  return {
    ...problemOf(error),
    ...(location !== undefined && { location }),
    ...(retryAfter !== undefined && { retryAfterSeconds: Number(retryAfter) }),
  };
};

/** About as long as it takes to start a consumer anew. */
const NO_CONSUMER_RETRY_AFTER_SECONDS = "5";
const NO_CONSUMER =
  "Nothing was sent to Kafka, since no consumer would answer within the wait. Send the request again later, or with Prefer: respond-async to have it handled once there is one.";

/** Why a request was not published. */
type Unproduced = Exclude<PublishResult, { outcome: "stored" | "claimed" }>;

const CODES: Record<Exclude<Unproduced["outcome"], "no-consumer">, ErrorCode> = {
  rejected: "PRODUCE_REJECTED",
  unavailable: "PRODUCE_UNAVAILABLE",
  unknown: "PRODUCE_UNKNOWN",
  overloaded: "OVERLOADED",
  "key-reused": "IDEMPOTENCY_KEY_REUSED",
  unclaimed: "STORE_UNAVAILABLE",
};

const DETAILS: Partial<Record<Unproduced["outcome"], string>> = {
  "key-reused": "Expected the operation and the data that came first with this Idempotency-Key, or a new key.",
  unclaimed: "It is not known what has become of this Idempotency-Key. Send the request again with it.",
};

/** Why a request was not produced. It is called accepted only if it is certainly stored. If it may be, the error's `Location` is its status. */
export const unproducedError = ({ text }: Pick<StatusKey, "text">, result: Unproduced): RejoinderError => {
  if (result.outcome === "no-consumer")
    return new RejoinderError("NO_CONSUMER", { detail: NO_CONSUMER, headers: { "retry-after": NO_CONSUMER_RETRY_AFTER_SECONDS } });
  const detail = "detail" in result ? result.detail : "hasNoRoom" in result ? NO_ROOM : DETAILS[result.outcome];
  if (result.outcome !== "unknown") return new RejoinderError(CODES[result.outcome], { detail });
  return new RejoinderError("PRODUCE_UNKNOWN", {
    detail: `${detail} Look at the status before you send the request again.`,
    members: { correlationId: text, retryable: false },
    headers: { location: statusPath(text) },
  });
};

/** The response that says so. */
export const unproducedResponse = (key: Pick<StatusKey, "text">, result: Unproduced): Response =>
  problemResponse(unproducedError(key, result));
