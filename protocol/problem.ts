import { ERRORS, type ErrorCode, RejoinderError, type RejoinderErrorOptions } from "./errors.ts";

export const PROBLEM_CONTENT_TYPE = "application/problem+json";

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
export const createProblem = (code: ErrorCode, { detail, members }: RejoinderErrorOptions = {}): Problem => ({
  type: "about:blank",
  title: ERRORS[code].title,
  status: ERRORS[code].status,
  code,
  ...(detail === undefined ? {} : { detail }),
  ...(ERRORS[code].retryable ? { retryable: true } : {}),
  ...members,
});

/** Anything thrown, as problem details. An error that is not of the table reveals nothing. */
export const problemOf = (error: unknown): Problem =>
  error instanceof RejoinderError ? createProblem(error.code, error) : createProblem("INTERNAL");

/** Whether a value that came over the wire has the members of {@link Problem}. */
export const isProblem = (value: unknown): value is Problem => {
  if (typeof value !== "object" || value === null) return false;
  const { type, title, status, code } = value as Record<string, unknown>;
  return typeof type === "string" && typeof title === "string" && isErrorStatus(status) && typeof code === "string";
};

const isErrorStatus = (status: unknown): boolean => Number.isInteger(status) && (status as number) >= 400 && (status as number) <= 599;
