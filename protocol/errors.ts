/**
 * Every error of rejoinder. The key is the stable `code` of the problem details;
 * `retryable` says whether the caller may send the same call again.
 */
export const ERRORS = {
  INVALID_IDEMPOTENCY_KEY: { status: 400, retryable: false, title: "The Idempotency-Key cannot be read" },
  INVALID_IF_MATCH: { status: 400, retryable: false, title: "The If-Match cannot be read, or there is nothing to match" },
  MALFORMED_HTTP: { status: 400, retryable: false, title: "The request is not HTTP" },
  INCOMPLETE_BODY: { status: 400, retryable: false, title: "The body did not arrive whole" },
  MALFORMED_JSON: { status: 400, retryable: false, title: "The body is not JSON" },
  INVALID_BATCH: { status: 400, retryable: false, title: "The batch, or an item of it, cannot be read" },
  INVALID_REDRIVE: { status: 400, retryable: false, title: "What is to be sent again cannot be read" },
  INVALID_KEY_ACTION: { status: 400, retryable: false, title: "What is to be done with API keys cannot be read" },
  INVALID_REPLY_TO: { status: 400, retryable: false, title: "The URL in Reply-To cannot have a webhook" },
  INVALID_VIEW_ACTION: { status: 400, retryable: false, title: "What is to be done with a version of a view cannot be read" },
  INVALID_QUERY: { status: 400, retryable: false, title: "A parameter of the query is not valid" },
  UNAUTHENTICATED: { status: 401, retryable: false, title: "The call does not say who calls" },
  UNAUTHORIZED: { status: 401, retryable: false, title: "The signature is missing, wrong or stale" },
  INSECURE_TRANSPORT: { status: 403, retryable: false, title: "Credentials were sent without encryption" },
  INSUFFICIENT_SCOPE: { status: 403, retryable: false, title: "The caller may not do that" },
  CROSS_ORIGIN: { status: 403, retryable: false, title: "Pages of other origins may not do that" },
  NOT_FOUND: { status: 404, retryable: false, title: "There is nothing at this path" },
  UNKNOWN_OPERATION: { status: 404, retryable: false, title: "There is no such operation" },
  UNKNOWN_CORRELATION_ID: { status: 404, retryable: false, title: "There is no such request" },
  UNKNOWN_DEAD_LETTER: { status: 404, retryable: false, title: "There is no such dead letter" },
  UNKNOWN_KEY: { status: 404, retryable: false, title: "There is no such API key" },
  UNKNOWN_VIEW: { status: 404, retryable: false, title: "There is no such view, or no such version of it" },
  VIEW_ROW_NOT_FOUND: { status: 404, retryable: false, title: "There is no such row" },
  UNKNOWN_WEBHOOK: { status: 404, retryable: false, title: "The request has no webhook" },
  UNKNOWN_SHARD: { status: 404, retryable: false, title: "There is no such shard of the mailbox" },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false, title: "This path does not take that method" },
  STATUS_GONE: { status: 410, retryable: false, title: "The status is past its retention" },
  POSITION_GONE: { status: 410, retryable: false, title: "The position is of a log that is gone" },
  VIEW_VERSION_IN_USE: { status: 409, retryable: false, title: "The version is served" },
  ALREADY_ENDED: { status: 409, retryable: false, title: "The request has ended" },
  NOT_ENDED: { status: 409, retryable: false, title: "The request has not ended" },
  ALREADY_REDRIVEN: { status: 409, retryable: false, title: "Another request was sent in its place" },
  KEY_EXISTS: { status: 409, retryable: false, title: "There is an API key of that ID" },
  KEY_ENDED: { status: 409, retryable: false, title: "The API key has ended" },
  CANCELLED: { status: 409, retryable: false, title: "The request was cancelled" },
  REQUEST_TIMEOUT: { status: 408, retryable: false, title: "The request did not arrive in time" },
  VERSION_MISMATCH: { status: 412, retryable: false, title: "The aggregate has another version" },
  BODY_TOO_LARGE: { status: 413, retryable: false, title: "The body is too large" },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false, title: "The content type is not supported" },
  WRONG_HOST: { status: 421, retryable: false, title: "This server does not answer for that host" },
  INVALID_REQUEST: { status: 422, retryable: false, title: "The request does not fit the operation's schema" },
  IDEMPOTENCY_KEY_REUSED: { status: 422, retryable: false, title: "The Idempotency-Key was used for another request" },
  TOO_MANY_DEAD_LETTERS: { status: 422, retryable: false, title: "There are too many dead letters to look through" },
  INVALID_RECORD: { status: 422, retryable: false, title: "The request's record could not be read" },
  RATE_LIMITED: { status: 429, retryable: true, title: "The caller sends more than its plan allows" },
  QUOTA_EXCEEDED: { status: 429, retryable: false, title: "The quota of the caller is used up" },
  UPGRADE_REQUIRED: { status: 426, retryable: false, title: "This path is for WebSockets" },
  HEADERS_TOO_LARGE: { status: 431, retryable: false, title: "The path and the headers are too large" },
  MISCONFIGURED: { status: 500, retryable: false, title: "The server is not configured" },
  INTERNAL: { status: 500, retryable: false, title: "Something went wrong in the server" },
  HANDLER_FAILED: { status: 500, retryable: false, title: "The handler failed" },
  INVALID_REPLY: { status: 500, retryable: false, title: "The reply does not fit the operation's schema" },
  REPLY_TOO_LARGE: { status: 500, retryable: false, title: "The reply is too large to be delivered" },
  TOO_MANY_CHUNKS: { status: 500, retryable: false, title: "The handler emitted more than a request may have" },
  COMMIT_REJECTED: { status: 500, retryable: false, title: "The events of the command cannot be stored" },
  NOT_SUPPORTED: { status: 501, retryable: false, title: "This Worker's store cannot do that" },
  NO_HANDLER: { status: 501, retryable: false, title: "No handler is installed for the operation" },
  NO_LINKS: { status: 501, retryable: false, title: "This Worker takes no links" },
  RESPONDER_FAILED: { status: 502, retryable: false, title: "The service that answers the operation failed" },
  PRODUCE_REJECTED: { status: 502, retryable: false, title: "Kafka refused the request" },
  CONTRACT_MISMATCH: { status: 503, retryable: true, title: "The Worker and the consumer have different versions of the operation" },
  AGGREGATE_UNAVAILABLE: { status: 503, retryable: true, title: "The aggregates of that partition cannot be used now" },
  NO_CONSUMER: { status: 503, retryable: true, title: "No consumer that handles the operation is connected" },
  OVERLOADED: { status: 503, retryable: true, title: "Too many requests are waiting" },
  VIEW_NOT_READY: { status: 503, retryable: true, title: "No version of the view has caught up yet" },
  LIMITS_UNAVAILABLE: { status: 503, retryable: true, title: "It cannot be found out whether the caller has reached its limits" },
  TOO_MANY_LINKS: { status: 503, retryable: true, title: "Too many links are open" },
  PRODUCE_UNAVAILABLE: { status: 503, retryable: true, title: "Kafka could not be reached" },
  IDENTITY_UNAVAILABLE: { status: 503, retryable: true, title: "It cannot be found out now who calls" },
  STORE_UNAVAILABLE: { status: 503, retryable: true, title: "The reply store could not be reached" },
  DEADLINE_EXCEEDED: { status: 504, retryable: false, title: "The deadline passed before there was a reply" },
  PRODUCE_UNKNOWN: { status: 504, retryable: false, title: "It is not known whether Kafka took the request" },
} as const satisfies Record<string, { status: number; retryable: boolean; title: string }>;

export type ErrorCode = keyof typeof ERRORS;

export type RejoinderErrorOptions = {
  /** What was wrong with this call, and how to correct it. Shown to the caller. */
  readonly detail?: string;
  /** Further members of the problem details (RFC 9457 §3.2). */
  readonly members?: Readonly<Record<string, unknown>>;
  /** Header fields of the response that tells it. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
};

/** An error of the table, with the details of this occurrence. */
export class RejoinderError extends Error {
  override readonly name = "RejoinderError";
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryable: boolean;
  readonly detail: string | undefined;
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, { detail, members = {}, headers = {}, cause }: RejoinderErrorOptions = {}) {
    super(detail ?? ERRORS[code].title, { cause });
    this.code = code;
    this.status = ERRORS[code].status;
    this.retryable = ERRORS[code].retryable;
    this.detail = detail;
    this.members = members;
    this.headers = headers;
  }
}
