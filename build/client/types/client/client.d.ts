import { type DefinedError } from "./client-error.js";
import type { ClientContract, ErrorCodeOf, ErrorDataOf, ReplyOf, RequestOf } from "./contract.js";
import { type Submission } from "./submission.js";
export type ClientOptions<C extends ClientContract> = {
    /** Where the Worker is, such as `https://api.example.com`. Absent: where the page comes from. */
    readonly url?: string;
    /** With it requests are checked before they are sent, and replies before they are given. Its type alone gives types. */
    readonly contract?: C;
    readonly fetch?: typeof fetch;
    /** How many exchanges there may be at once: by default six, as many as a browser has connections for one origin. */
    readonly maxConnections?: number;
};
export type RequestOptions = {
    /** Ends the wait for the reply; what was sent goes on. */
    readonly signal?: AbortSignal;
    /** How long to wait for the reply, from the call on. Absent: until the request has ended. */
    readonly timeoutMs?: number;
    /** Sent along, such as `Authorization` or `traceparent`. */
    readonly headers?: Readonly<Record<string, string>>;
};
export type Client<C extends ClientContract> = {
    /** Sends a request and resolves to its reply. Rejects with a ClientError. */
    request<Name extends keyof C & string>(operation: Name, request: RequestOf<C, Name>, options?: RequestOptions): Promise<ReplyOf<C, Name>>;
    /** Sends a request that can be watched on its way. */
    submit<Name extends keyof C & string>(operation: Name, request: RequestOf<C, Name>, options?: RequestOptions): Submission<ReplyOf<C, Name>>;
    /** Waits again for a request that was sent before, perhaps by a page that is gone. */
    resume<Name extends keyof C & string>(correlationId: string, options?: RequestOptions & {
        readonly operation?: Name;
    }): Submission<ReplyOf<C, Name>>;
    /** Whether something thrown is the error that the contract defines under that code: then it has that error's data. */
    isDefined<const Code extends ErrorCodeOf<C>>(error: unknown, code: Code): error is DefinedError<Code, ErrorDataOf<C, Code>>;
    /** Rejects everything that waits; what was sent goes on. */
    close(): void;
};
/** Calls operations over HTTP, from a browser or Node. */
export declare const createClient: <C extends ClientContract>({ url, contract, fetch, maxConnections, }?: ClientOptions<C>) => Client<C>;
