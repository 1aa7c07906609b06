/**
 * Every error that rejoinder answers, once. The key is the stable `code` of the problem details;
 * `retryable` says whether the same call may be sent again as it is.
 */
export declare const ERRORS: {
    readonly MALFORMED_JSON: {
        readonly status: 400;
        readonly retryable: false;
        readonly title: "The body is not JSON";
    };
    readonly INVALID_BATCH: {
        readonly status: 400;
        readonly retryable: false;
        readonly title: "The body is not a batch of reply events";
    };
    readonly UNAUTHORIZED: {
        readonly status: 401;
        readonly retryable: false;
        readonly title: "The signature is missing, wrong or stale";
    };
    readonly NOT_FOUND: {
        readonly status: 404;
        readonly retryable: false;
        readonly title: "There is nothing at this path";
    };
    readonly UNKNOWN_OPERATION: {
        readonly status: 404;
        readonly retryable: false;
        readonly title: "There is no such operation";
    };
    readonly UNKNOWN_CORRELATION_ID: {
        readonly status: 404;
        readonly retryable: false;
        readonly title: "There is no such request";
    };
    readonly METHOD_NOT_ALLOWED: {
        readonly status: 405;
        readonly retryable: false;
        readonly title: "This path does not take that method";
    };
    readonly STATUS_GONE: {
        readonly status: 410;
        readonly retryable: false;
        readonly title: "The status is past its retention";
    };
    readonly BODY_TOO_LARGE: {
        readonly status: 413;
        readonly retryable: false;
        readonly title: "The body is too large";
    };
    readonly UNSUPPORTED_MEDIA_TYPE: {
        readonly status: 415;
        readonly retryable: false;
        readonly title: "The content type is not supported";
    };
    readonly INVALID_REQUEST: {
        readonly status: 422;
        readonly retryable: false;
        readonly title: "The request does not fit the operation's schema";
    };
    readonly INVALID_RECORD: {
        readonly status: 422;
        readonly retryable: false;
        readonly title: "The request's record could not be read";
    };
    readonly MISCONFIGURED: {
        readonly status: 500;
        readonly retryable: false;
        readonly title: "The server is not configured";
    };
    readonly INTERNAL: {
        readonly status: 500;
        readonly retryable: false;
        readonly title: "Something went wrong in the server";
    };
    readonly HANDLER_FAILED: {
        readonly status: 500;
        readonly retryable: false;
        readonly title: "The handler failed";
    };
    readonly INVALID_REPLY: {
        readonly status: 500;
        readonly retryable: false;
        readonly title: "The reply does not fit the operation's schema";
    };
    readonly REPLY_TOO_LARGE: {
        readonly status: 500;
        readonly retryable: false;
        readonly title: "The reply is too large to be delivered";
    };
    readonly NO_HANDLER: {
        readonly status: 501;
        readonly retryable: false;
        readonly title: "No handler is installed for the operation";
    };
    readonly RESPONDER_FAILED: {
        readonly status: 502;
        readonly retryable: false;
        readonly title: "The service that answers the operation failed";
    };
    readonly PRODUCE_REJECTED: {
        readonly status: 502;
        readonly retryable: false;
        readonly title: "Kafka refused the request";
    };
    readonly OVERLOADED: {
        readonly status: 503;
        readonly retryable: true;
        readonly title: "Too many requests are waiting";
    };
    readonly PRODUCE_UNAVAILABLE: {
        readonly status: 503;
        readonly retryable: true;
        readonly title: "Kafka could not be reached";
    };
    readonly STORE_UNAVAILABLE: {
        readonly status: 503;
        readonly retryable: true;
        readonly title: "The reply store could not be reached";
    };
    readonly DEADLINE_EXCEEDED: {
        readonly status: 504;
        readonly retryable: false;
        readonly title: "The deadline passed before there was a reply";
    };
    readonly PRODUCE_UNKNOWN: {
        readonly status: 504;
        readonly retryable: false;
        readonly title: "It is not known whether Kafka took the request";
    };
};
export type ErrorCode = keyof typeof ERRORS;
export type RejoinderErrorOptions = {
    /** What was wrong with this call, and how to mend it. Shown to the caller. */
    readonly detail?: string;
    /** Further members of the problem details (RFC 9457 §3.2). */
    readonly members?: Readonly<Record<string, unknown>>;
    readonly cause?: unknown;
};
/** An error of the table, with what this occurrence adds to it. */
export declare class RejoinderError extends Error {
    readonly name = "RejoinderError";
    readonly code: ErrorCode;
    readonly status: number;
    readonly retryable: boolean;
    readonly detail: string | undefined;
    readonly members: Readonly<Record<string, unknown>>;
    constructor(code: ErrorCode, { detail, members, cause }?: RejoinderErrorOptions);
}
