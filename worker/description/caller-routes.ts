import { isCommand, type Operation } from "../../contract/operation.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { METADATA_PATH } from "../identity/protected-resource.ts";
import { STATUS_CANCEL } from "../identity/principal.ts";
import type { OperationSchemas } from "./contract-schemas.ts";
import { DOCUMENTS } from "./described-api.ts";
import { objectOf } from "./schemas.ts";
import { json, refTo, type ResponseDescription, type RouteDescription } from "./route-description.ts";

/** Why a body cannot be read. */
export const BODY_PROBLEMS = [
  "INCOMPLETE_BODY",
  "BODY_TOO_LARGE",
  "MALFORMED_JSON",
  "UNSUPPORTED_MEDIA_TYPE",
] as const satisfies ErrorCode[];
/** Why a caller may not call. */
export const CALLER_PROBLEMS = [
  "UNAUTHENTICATED",
  "INSUFFICIENT_SCOPE",
  "INSECURE_TRANSPORT",
  "IDENTITY_UNAVAILABLE",
  "STORE_UNAVAILABLE",
] as const satisfies ErrorCode[];
/** Why a record does not become one of Kafka's. */
export const PRODUCE_PROBLEMS = ["PRODUCE_REJECTED", "PRODUCE_UNAVAILABLE", "PRODUCE_UNKNOWN", "OVERLOADED"] as const satisfies ErrorCode[];
/** What the plan of a caller refuses. */
export const LIMIT_PROBLEMS = ["RATE_LIMITED", "QUOTA_EXCEEDED", "LIMITS_UNAVAILABLE"] as const satisfies ErrorCode[];
/** How a request ends that its handler has not answered as it should. */
export const END_PROBLEMS = [
  "INVALID_RECORD",
  "HANDLER_FAILED",
  "INVALID_REPLY",
  "REPLY_TOO_LARGE",
  "TOO_MANY_CHUNKS",
  "NO_HANDLER",
  "RESPONDER_FAILED",
  "CONTRACT_MISMATCH",
  "CANCELLED",
  "DEADLINE_EXCEEDED",
] as const satisfies ErrorCode[];
/** What the response has to whoever waited for the end. */
export const END_HEADERS = ["Content-Location", "Vary", "Preference-Applied", "Idempotent-Replayed"] as const;
/** How a command may end beside that. */
const COMMAND_PROBLEMS = [
  "INVALID_IF_MATCH",
  "VERSION_MISMATCH",
  "COMMIT_REJECTED",
  "AGGREGATE_UNAVAILABLE",
] as const satisfies ErrorCode[];
/** What it has beside those if the request was a command. */
const COMMIT_HEADERS = ["Rejoinder-Position", "Rejoinder-Aggregate-Version"] as const;
const STATUS_PROBLEMS = ["UNKNOWN_CORRELATION_ID", "STATUS_GONE"] as const satisfies ErrorCode[];

/** `POST /requests/:operation`, for one operation. */
export const describeRequests = (operation: Operation, schemas: OperationSchemas, hasLimits: boolean): RouteDescription => {
  const isOfAggregate = isCommand(operation);
  const commit = isOfAggregate ? COMMIT_HEADERS : [];
  const limits = hasLimits ? (["RateLimit-Policy", "RateLimit", "Quota-Check"] as const) : [];
  const ended: ResponseDescription = {
    description: "The reply, if the request ended within the wait. The handler chooses the status.",
    headers: [...END_HEADERS, ...commit, ...limits],
    content: json(schemas.reply),
  };
  const { name, deadlineSeconds, retentionSeconds, withoutConsumer, responder } = operation;
  const { description, title } = operation.description.request as { description?: string; title?: string };
  return {
    id: `request.${name}`,
    tag: "Requests",
    summary: title ?? `Sends a request of ${name}`,
    description: [
      ...(description === undefined ? [] : [description]),
      `Handled within ${deadlineSeconds} s, or not at all; its status can be read for ${retentionSeconds} s. Without a wait the response is 202 with the \`Location\` of the status.`,
    ].join("\n\n"),
    access: { scope: `requests:${name}` },
    parameters: ["Prefer", "Idempotency-Key", ...(isOfAggregate ? (["If-Match"] as const) : []), "Reply-To", "traceparent"],
    body: { mediaType: "application/json", schema: schemas.request },
    responses: {
      "200": ended,
      "202": {
        description: "Accepted: Kafka has the request. The body is its status, which has ended only if it is replayed.",
        headers: ["Location", "Retry-After", "Vary", "Preference-Applied", "Idempotent-Replayed", ...limits],
        content: json(schemas.status),
        links: { status: "getStatus", cancel: "cancelRequest" },
      },
      "2XX": ended,
    },
    problems: [
      ...BODY_PROBLEMS,
      ...CALLER_PROBLEMS,
      ...PRODUCE_PROBLEMS,
      ...END_PROBLEMS,
      "INVALID_REQUEST",
      "INVALID_REPLY_TO",
      "INVALID_IDEMPOTENCY_KEY",
      "IDEMPOTENCY_KEY_REUSED",
      "NOT_SUPPORTED",
      ...(withoutConsumer === "refuse" && responder === undefined ? (["NO_CONSUMER"] as const) : []),
      ...(isOfAggregate ? COMMAND_PROBLEMS : []),
      ...(hasLimits ? LIMIT_PROBLEMS : []),
    ],
    problemHeaders: [...commit, ...limits],
    declared: Object.fromEntries(
      [...Map.groupBy(schemas.errors, ({ status }) => status)].map(([status, errors]) => [status, errors.map(({ schema }) => schema)]),
    ),
  };
};

/** The routes for callers, by method and path. */
export const createCallerRoutes = (): Record<string, RouteDescription> => ({
  "GET /status/:correlationId": {
    id: "getStatus",
    tag: "Statuses",
    summary: "Reads the status of a request",
    description:
      "With `Accept: text/event-stream`, a stream of server-sent events that goes on to the end of the request, and behind `Last-Event-ID` after a disconnect.",
    access: { scope: "status:read" },
    parameters: ["Prefer", "statusIfNoneMatch", "chunks-from", "Last-Event-ID"],
    responses: {
      "200": {
        description: "The request has ended, however it did: see `state`. Or a stream of events.",
        headers: ["ETag", "Vary", "Preference-Applied", "X-Accel-Buffering"],
        content: { ...json(refTo("Status")), "text/event-stream": refTo("StatusEvents") },
      },
      "202": {
        description: "The request has not ended yet.",
        headers: ["ETag", "Retry-After", "Vary", "Preference-Applied"],
        content: json(refTo("Status")),
      },
      "204": { description: "For events: the reader has seen the end, and need not come back.", headers: ["Vary"] },
      "304": { description: "There is nothing new.", headers: ["ETag", "Retry-After", "Vary", "Preference-Applied"] },
    },
    problems: [...CALLER_PROBLEMS, ...STATUS_PROBLEMS, "INVALID_QUERY", "OVERLOADED", "NOT_SUPPORTED"],
  },
  "DELETE /status/:correlationId": {
    id: "cancelRequest",
    tag: "Statuses",
    summary: "Asks to cancel a request",
    access: { scope: STATUS_CANCEL },
    responses: {
      "202": {
        description: "The status, which is `cancelling` until the request has ended, somehow.",
        headers: ["Retry-After"],
        content: json(refTo("Status")),
      },
    },
    problems: [...CALLER_PROBLEMS, ...STATUS_PROBLEMS, "ALREADY_ENDED", "NOT_SUPPORTED"],
  },
  "POST /status/:correlationId/token": {
    id: "createStatusToken",
    tag: "Statuses",
    summary: "Makes a token by which somebody else can read one status for five minutes",
    access: { scope: "status:read", refusesTokens: true },
    body: {
      mediaType: "application/json",
      isOptional: true,
      schema: {
        type: "object",
        properties: { cancel: { type: "boolean", default: false, description: "Whether the token may also cancel the request." } },
      },
    },
    responses: { "200": { description: "The token.", content: json(refTo("StatusToken")) } },
    problems: [...CALLER_PROBLEMS, ...STATUS_PROBLEMS, ...BODY_PROBLEMS, "INVALID_REQUEST"],
  },
  "GET /contract": {
    id: "getContract",
    tag: "Description",
    summary: "Reads the operations and the views, with their JSON Schemas",
    access: "anybody",
    parameters: ["If-None-Match"],
    responses: document({
      "application/json": {
        type: "object",
        properties: { version: { type: "string" }, operations: { type: "object" }, views: { type: "object" } },
      },
    }),
    problems: [],
  },
  [`GET ${DOCUMENTS.openapi.path}`]: {
    id: "getOpenApi",
    tag: "Description",
    summary: "Reads this document",
    access: "anybody",
    parameters: ["If-None-Match"],
    responses: document({ [DOCUMENTS.openapi.type]: { type: "object" } }),
    problems: [],
  },
  [`GET ${DOCUMENTS.asyncapi.path}`]: {
    id: "getAsyncApi",
    tag: "Description",
    summary: "Reads how requests and replies look on Kafka",
    access: "anybody",
    parameters: ["If-None-Match"],
    responses: document({ [DOCUMENTS.asyncapi.type]: { type: "object" } }),
    problems: [],
  },
  [`GET ${DOCUMENTS.catalog.path}`]: {
    id: "getApiCatalog",
    tag: "Description",
    summary: "Finds the descriptions of this API (RFC 9727)",
    access: "anybody",
    responses: {
      "200": {
        description: "Links to them.",
        headers: ["Link", "Cache-Control"],
        content: { [DOCUMENTS.catalog.type]: objectOf({ linkset: { type: "array", items: { type: "object" } } }) },
      },
    },
    problems: [],
  },
  [`GET ${METADATA_PATH}`]: {
    id: "getProtectedResource",
    tag: "Description",
    summary: "Says where to get credentials for this API, and which (RFC 9728)",
    access: "anybody",
    responses: { "200": { description: "The metadata.", content: json(objectOf({ resource: { type: "string", format: "uri" } })) } },
    problems: [],
  },
  "GET /health": {
    id: "getHealth",
    tag: "Description",
    summary: "Says whether requests can be served",
    access: "anybody",
    responses: {
      "200": {
        description: "They can. Kafka is not asked.",
        content: json({
          type: "object",
          required: ["status", "version"],
          properties: { status: { type: "string", const: "ok" }, version: { type: "string", description: "Of the library." } },
        }),
      },
    },
    problems: ["STORE_UNAVAILABLE"],
  },
});

/** What answers for a document that seldom changes. */
export const document = (content: Exclude<ResponseDescription["content"], undefined>): RouteDescription["responses"] => ({
  "200": { description: "The document.", headers: ["ETag", "Cache-Control"], content },
  "304": { description: "It is as it was.", headers: ["ETag", "Cache-Control"] },
});
