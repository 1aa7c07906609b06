import type { Problem } from "../protocol/problem.js";
import type { StatusBody } from "../protocol/status.js";
import type { ClientErrorDetails } from "./client-error.js";
import type { Slots } from "./slots.js";
/** What came of asking the server once. */
export type Outcome = {
    /** There is no answer, or none of this API. */
    readonly lost?: readonly ["UNANSWERED" | "UNEXPECTED_ANSWER", ClientErrorDetails];
    /** The correlation ID, if the answer names it. */
    readonly correlationId?: string | undefined;
    readonly status?: StatusBody | undefined;
    /** Why there is no reply, or no status. */
    readonly problem?: Problem | undefined;
    readonly reply?: unknown;
    /** Whether the request has ended, with the problem or else the reply. */
    readonly isEnd?: boolean;
    /** Whether to ask again at once: the server has waited before it answered, or nobody wanted it to. */
    readonly isPrompt?: boolean | undefined;
    /** How long the server wants to be left alone, in ms. */
    readonly retryAfterMs?: number;
};
export type Asking = {
    readonly path: string;
    /** What the body is a request of. */
    readonly operation?: string;
    /** Sent as JSON by POST. Absent: GET. */
    readonly body?: string;
    /** How long the server may wait with its answer at most, in s. */
    readonly waitSeconds: number;
    readonly headers?: Readonly<Record<string, string>> | undefined;
    readonly signal: AbortSignal;
};
/** Asks the server once. Rejects with the signal's reason only; everything else is an outcome. */
export type Exchange = (asking: Asking) => Promise<Outcome>;
export type ExchangeOptions = {
    readonly url: string;
    readonly fetch: typeof fetch;
    readonly slots: Slots;
};
export declare const createExchange: ({ url, fetch, slots }: ExchangeOptions) => Exchange;
