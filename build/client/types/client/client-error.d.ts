import type { Problem } from "../protocol/problem.js";
import type { SchemaIssue } from "./contract.js";
/** What only a caller can find out. Every other code is the server's: `code` of its problem details. */
export type ClientErrorCode = 
/** Not sent: it does not fit the contract, as `issues` tells, or the contract has no such operation. */
"INVALID_REQUEST" | "UNKNOWN_OPERATION"
/** The reply came, and does not fit the contract. */
 | "INVALID_REPLY"
/** Nothing, or somebody else, has answered the POST. The request may have been taken, so it is not sent again. */
 | "UNANSWERED" | "UNEXPECTED_ANSWER"
/** It was taken, and nobody tells what has become of it until long after its deadline. */
 | "UNREACHABLE"
/** The wait has ended, and the request goes on. */
 | "TIMEOUT" | "ABORTED" | "CLOSED";
export type ClientErrorDetails = {
    readonly correlationId?: string | undefined;
    readonly issues?: readonly SchemaIssue[] | undefined;
    /** Of this occurrence, for the message. */
    readonly detail?: string | undefined;
    readonly cause?: unknown;
};
/** Why there is no reply. `code` is stable, the message is for people. */
export declare class ClientError extends Error {
    readonly name = "ClientError";
    readonly code: string;
    /** The HTTP status that goes with the code, if it is the server's. */
    readonly status: number | undefined;
    /** Whether the same call may simply be made again. */
    readonly retryable: boolean;
    /** Of the request, if it is known: for `resume`. */
    readonly correlationId: string | undefined;
    /** The server's problem details (RFC 9457), if it is the server who says so. */
    readonly problem: Problem | undefined;
    /** What does not fit a schema. */
    readonly issues: readonly SchemaIssue[] | undefined;
    /** Whether the contract defines the error, as far as the client has it: see {@link isDefined}. */
    readonly isDefined: boolean | undefined;
    /** What comes with an error that the contract defines. */
    readonly data: unknown;
    constructor(why: ClientErrorCode | Problem, { detail, cause, ...details }?: ClientErrorDetails);
}
export type Fail = (why: ClientErrorCode | Problem, details?: ClientErrorDetails) => ClientError;
/** To be called when the caller calls: what it makes later, when something has gone wrong, has the caller's stack. */
export declare const createFail: () => Fail;
/** An error that the contract defines, with its data. */
export type DefinedError<Code extends string, Data> = ClientError & {
    readonly code: Code;
    readonly data: Data;
};
/**
 * Whether something thrown is the error that a contract defines under that code. `client.isDefined` knows the type of its data, too.
 * A client that was given the contract has checked that data; any other takes the server's word for it.
 */
export declare const isDefined: <const Code extends string>(error: unknown, code: Code) => error is DefinedError<Code, unknown>;
