import type { Problem } from "../protocol/problem.ts";
import type { SchemaIssue } from "./contract.ts";

/** What only a caller can find out. Every other code is the server's: `code` of its problem details. */
export type ClientErrorCode =
  /** Not sent: it does not fit the contract (see `issues`), or the contract has no such operation. */
  | "INVALID_REQUEST"
  | "UNKNOWN_OPERATION"
  /** The reply came, and does not fit the contract. */
  | "INVALID_REPLY"
  /** Nothing, or somebody else, has answered the POST. The request may have been taken. */
  | "UNANSWERED"
  | "UNEXPECTED_ANSWER"
  /** The server took it, and has not been reachable since, until long after its deadline. */
  | "UNREACHABLE"
  /** The view has not come in time to the position that was asked for. */
  | "VIEW_BEHIND"
  /** The wait has ended, and the request goes on. */
  | "TIMEOUT"
  /** Another run of the handler has begun its chunks anew, and nobody listens for that. */
  | "CHUNKS_RESET"
  | "ABORTED"
  | "CLOSED";

/** What to do, where the code alone does not say it. */
const HINTS: Partial<Record<ClientErrorCode, string>> = {
  UNANSWERED: "check URL, network, CORS_ORIGINS. It may have been taken",
  UNEXPECTED_ANSWER: "check URL, proxy",
  UNREACHABLE: "resume() waits on",
  TIMEOUT: "resume() waits on",
  CHUNKS_RESET: "give onReset",
  ABORTED: "resume() waits on",
};

/** What there is to know of the commit of a command. */
export type Commit = {
  /** Where it is. Whoever reads a view after it sees what the command has changed. */
  readonly position?: string | undefined;
  /** How many commits with events the aggregate has with it: what `ifMatch` takes. */
  readonly aggregateVersion?: number | undefined;
};

export type ClientErrorDetails = Commit & {
  readonly correlationId?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly issues?: readonly SchemaIssue[] | undefined;
  /** What happened this time, for the message. */
  readonly detail?: string | undefined;
  readonly cause?: unknown;
};

/** Why there is no reply. `code` is stable, the message is for people. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  declare readonly code: string;
  /** The HTTP status that goes with the code, if it is the server's. */
  declare readonly status: number | undefined;
  /** Whether you may simply make the same call again. */
  declare readonly retryable: boolean;
  /** The request's correlation ID, if it is known: for `resume`. */
  declare readonly correlationId: string | undefined;
  /** The key that the request was sent with, if any: with it, it can be sent again. */
  declare readonly idempotencyKey: string | undefined;
  /** Of a command that was refused by a commit: see `Commit`. */
  declare readonly position: string | undefined;
  declare readonly aggregateVersion: number | undefined;
  /** The server's problem details (RFC 9457), if the error comes from the server. */
  declare readonly problem: Problem | undefined;
  /** What does not fit the schema. */
  declare readonly issues: readonly SchemaIssue[] | undefined;
  /** Whether the contract defines the error, as far as the client has it: see {@link isDefined}. */
  declare readonly isDefined: boolean | undefined;
  /** What comes with an error that the contract defines. */
  declare readonly data: unknown;

  constructor(why: ClientErrorCode | Problem, { detail, cause, ...details }: ClientErrorDetails = {}) {
    const isOwn = typeof why === "string";
    const message = isOwn ? [why, HINTS[why], detail] : [why.detail ?? why.title];
    super(message.filter(Boolean).join(": "), { cause });
    Object.assign(
      this,
      details,
      isOwn
        ? { code: why, retryable: why === "UNREACHABLE" || why === "VIEW_BEHIND" }
        : { code: why.code, retryable: why["retryable"] === true, status: why.status, problem: why },
    );
  }
}

export type Fail = (why: ClientErrorCode | Problem, details?: ClientErrorDetails) => ClientError;

/** Call this when the caller calls: an error that it makes later then has the caller's stack. */
export const createFail = (): Fail => {
  const { stack } = new Error();
  return (why, details) => {
    const error = new ClientError(why, details);
    // V8 begins a stack with name and message, other engines with the first frame.
    if (stack !== undefined) error.stack = stack.replace(/^Error/, () => String(error));
    return error;
  };
};

/** An error that the contract defines, with its data. */
export type DefinedError<Code extends string, Data> = ClientError & { readonly code: Code; readonly data: Data };

/**
 * Whether something thrown is the error that a contract defines under that code. `client.isDefined` knows the type of its data, too.
 * A client that was given the contract has checked that data; any other takes the server's word for it.
 */
export const isDefined = <const Code extends string>(error: unknown, code: Code): error is DefinedError<Code, unknown> =>
  error instanceof ClientError && error.isDefined === true && error.code === code;
