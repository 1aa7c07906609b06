import { type ErrorCode, type RejoinderErrorOptions } from "./errors.js";
export declare const PROBLEM_CONTENT_TYPE = "application/problem+json";
/** Problem details (RFC 9457) as rejoinder writes them: `code` is stable, `detail` is for people. */
export type Problem = {
    readonly type: string;
    readonly title: string;
    readonly status: number;
    readonly code: string;
    readonly detail?: string;
    readonly [member: string]: unknown;
};
/** The problem details of an error of the table. */
export declare const createProblem: (code: ErrorCode, { detail, members }?: RejoinderErrorOptions) => Problem;
/** Anything thrown, as problem details. What is not an error of the table says nothing of the inside. */
export declare const problemOf: (error: unknown) => Problem;
/** Whether a value that came over the wire has the members of {@link Problem}. */
export declare const isProblem: (value: unknown) => value is Problem;
