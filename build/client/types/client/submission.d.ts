import type { StatusBody } from "../protocol/status.js";
import type { ClientError, Fail } from "./client-error.js";
import type { Exchange } from "./exchange.js";
import { type Work } from "./follow.js";
/**
 * A request that is on its way, or was. Iterated, it gives its statuses: the last that is known, then each that is news, to the one in which
 * the request has ended. Where there is no such status, the iteration ends as `reply` does: it throws what that rejects with.
 */
export type Submission<Reply> = {
    [Symbol.asyncIterator](): AsyncIterator<StatusBody, void>;
    /** Undefined until the server has named it. Keep it, to `resume` after a reload. */
    readonly correlationId: string | undefined;
    /** Resolves to the correlation ID when Kafka has the request. Rejects with a ClientError if that is not so. */
    readonly accepted: Promise<string>;
    /** Resolves to the reply. Rejects with a ClientError: the request has ended without one, or the wait for it has. */
    readonly reply: Promise<Reply>;
    /** Asks for the status now. Rejects with a ClientError. */
    status(): Promise<StatusBody>;
    /** Calls back with every status that is news. Returns what ends that. */
    onChange(listener: (status: StatusBody) => void): () => void;
};
export type SubmissionOptions<Reply> = {
    /** What there is to do. Rejects with a ClientError if there is nothing. */
    readonly prepare: (fail: Fail) => Promise<Work>;
    /** Makes the reply of what the server gave. Rejects with a ClientError if it is none. */
    readonly readReply: (reply: unknown, fail: Fail) => Promise<Reply>;
    /** Completes an error. */
    readonly readError: (error: ClientError) => Promise<ClientError>;
    readonly signal: AbortSignal | undefined;
    readonly timeoutMs: number | undefined;
    /** Aborted when the client is closed. */
    readonly closing: AbortSignal;
    readonly exchange: Exchange;
    /** Of the caller's call. */
    readonly fail: Fail;
};
/** Begins at once. */
export declare const startSubmission: <Reply>(options: SubmissionOptions<Reply>) => Submission<Reply>;
