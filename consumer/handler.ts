import { STATUS_CODES } from "node:http";
import type { Contract, HandledName } from "../contract/contract.ts";
import type {
  ChunkInput,
  ErrorDefinition,
  ErrorDefinitions,
  Operation,
  ProgressInput,
  ReplyInput,
  RequestOf,
} from "../contract/operation.ts";
import type { InputOf, Schema } from "../contract/schema.ts";
import type { Caller } from "../protocol/caller.ts";
import type { Log } from "../environment/log.ts";
import type { Once } from "./once/once.ts";

/** Makes an error of the contract: `throw errors.ACCOUNT_CLOSED({ since })`. The detail is for people; its default is the status's phrase. */
type ErrorMaker<E extends ErrorDefinition> = E extends { readonly data: infer Data extends Schema }
  ? (data: InputOf<Data>, detail?: string) => OperationError
  : (detail?: string) => OperationError;

/** What a handler has beside its request. What its operation has no schema for is not there: `progress` or `emit`. */
export type HandlerContext<
  O extends Pick<Operation, "errors" | "progress" | "chunk"> = Operation,
  Given extends readonly unknown[] = [],
> = KnownOfRequest<O["errors"], Given> &
  (O["progress"] extends Schema ? Reports<ProgressInput<O>> : unknown) &
  (O["chunk"] extends Schema ? Emits<ChunkInput<O>> : unknown);

type Reports<Progress> = {
  /**
   * Says how far the handler is. The caller sees the latest value in its status: the first one at once, and further ones at most once a second. The
   * last ones may be passed over by the reply. Resolves once the value is taken.
   * @throws TypeError if the value does not fit the operation's `progress` schema
   * @throws the reason of `signal` once that has aborted
   */
  progress(value: Progress): Promise<void>;
};

type Emits<Chunk> = {
  /**
   * Gives the caller a piece of the result, in order, before the reply. It resolves when there is room for the next one: await it, so that no more
   * waits than can be sent. Chunks that come close together travel together. If the request is handled again, its chunks begin anew.
   * @throws TypeError if the chunk does not fit the operation's `chunk` schema
   * @throws OperationError `TOO_MANY_CHUNKS` beyond 10,000 chunks or 1 MiB of them: the caller gets it unless the handler catches it
   * @throws the reason of `signal` once that has aborted
   */
  emit(chunk: Chunk): Promise<void>;
};

type KnownOfRequest<Errors extends ErrorDefinitions, Given extends readonly unknown[]> = {
  /** The ID of the request, the same if it is handled again. */
  readonly correlationId: string;
  /** The operation's name in the contract. */
  readonly operation: string;
  /** Which attempt at handling the request this is, from 1. A crash repeats an attempt under its number. */
  readonly attempt: number;
  /**
   * Who sent the request, signed by the Worker: `caller.subject` is undefined if nobody knows. Whatever the caller may do with the API, the Worker has
   * checked; what it may do with your data is for the handler to decide.
   */
  readonly caller: Caller;
  /** The caller is told at this time that there is no reply: by the Worker's clock, which `signal` follows. */
  readonly deadline: Date;
  /**
   * Aborts at the deadline, when the caller cancels, and when the process must stop. Further requests of the same ordering key wait until the handler
   * has really ended.
   * - The request expires at the deadline, whether the handler listens or not; a reply after it is kept as a late one.
   * - A request whose handler throws after it was cancelled is `cancelled`, and no attempt follows. A reply, and an error that is an answer, count as
   *   ever: return them if it is too late to go back.
   */
  readonly signal: AbortSignal;
  /** The trace that the request belongs to (W3C Trace Context): as the caller sent it, or with telemetry the span of this attempt. */
  readonly traceparent?: string;
  /** Every line carries the correlation ID, the operation and, if the request belongs to a trace, `traceId`. */
  readonly log: Log;
  /**
   * Does a step once, however often the request is handled: `const { id } = await once("charge", ({ idempotencyKey }) => …)`. What that promises
   * depends on where the consumer keeps the results: in SQLite, unless `defineConsumer` says otherwise.
   */
  readonly once: Once<Given>;
  /** The errors that the contract lists for the operation, by code. */
  readonly errors: { readonly [Code in keyof Errors]: ErrorMaker<Errors[Code]> };
};

/**
 * A handler of one operation: takes what the request schema gives, returns what the reply schema takes. It may run twice for one request,
 * such as after a crash.
 */
export type Handler<O extends Operation, Given extends readonly unknown[] = []> = (
  request: RequestOf<O>,
  context: HandlerContext<O, Given>,
) => HandlerResult<ReplyInput<O>> | Promise<HandlerResult<ReplyInput<O>>>;

/** A handler for each operation of a contract that nobody else answers: one too few does not compile. */
export type Handlers<C extends Contract, Given extends readonly unknown[] = []> = {
  readonly [Name in HandledName<C>]: Handler<C[Name], Given>;
};

/** Handlers of any contract, as the one that calls them sees them. */
export type AnyHandlers = { readonly [name: string]: (request: never, context: never) => unknown };

const STATUS = Symbol("status");

/** A reply, or a reply {@link withStatus}. */
export type HandlerResult<Reply> = Reply | ReplyWithStatus<Reply>;
/** What {@link withStatus} makes. */
export type ReplyWithStatus<Reply> = { readonly [STATUS]: number; readonly reply: Reply };

/**
 * A reply whose waiting caller gets another HTTP status than 200.
 * @throws RangeError if the status is not a whole number from 200 to 299: a failure is thrown instead, as {@link OperationError}
 */
export const withStatus = <const Reply>(status: number, reply: Reply): ReplyWithStatus<Reply> => {
  if (!Number.isInteger(status) || status < 200 || status > 299) throw new RangeError(`Expected a status from 200 to 299, got ${status}`);
  return { [STATUS]: status, reply };
};

/** Takes apart what a handler returned. */
export const readResult = (result: unknown): { readonly reply: unknown; readonly httpStatus?: number } => {
  if (typeof result !== "object" || result === null || !(STATUS in result)) return { reply: result };
  const { [STATUS]: httpStatus, reply } = result as ReplyWithStatus<unknown>;
  return { reply, httpStatus };
};

/**
 * Thrown by a handler to tell the caller why: status, code and detail become the problem details of the failed request. `context.errors`
 * makes the errors that the contract lists; this class is for all others. Any other exception is only logged: the caller gets
 * `HANDLER_FAILED`.
 */
export class OperationError extends Error {
  override readonly name: string = "OperationError";
  /** HTTP status, 400 to 599. */
  readonly status: number;
  /** Stable, for programs. */
  readonly code: string;
  /** Further members of the problem details (RFC 9457 §3.2). */
  readonly members: Readonly<Record<string, unknown>>;

  /**
   * @param status HTTP status, 400 to 599
   * @param code for programs, such as `ACCOUNT_CLOSED`
   * @param detail for people
   * @param members further members of the problem details
   * @throws RangeError if the status is not a whole number from 400 to 599
   */
  constructor(status: number, code: string, detail: string, members: Readonly<Record<string, unknown>> = {}) {
    if (!Number.isInteger(status) || status < 400 || status > 599) throw new RangeError(`Expected a status from 400 to 599, got ${status}`);
    super(detail);
    this.status = status;
    this.code = code;
    this.members = members;
  }
}

/** Options of {@link RetryableError}. */
export type RetryableErrorOptions = {
  /** HTTP status, 400 to 599, for the caller if no further attempt follows. Default: 503. */
  readonly status?: number;
  /** Handle the request again after that time, instead of after a pause by the operation's `retry`. */
  readonly retryAfterSeconds?: number;
  /** Further members of the problem details. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** What was the reason: for the log. */
  readonly cause?: unknown;
};

/**
 * Thrown by a handler that may succeed if it runs again, such as when a service that it needs is away. The request is handled again as the operation's
 * `retry` says, within its deadline; if it never succeeds, the caller gets this error. An error that the contract lists as `retryable` does the same.
 */
export class RetryableError extends OperationError {
  override readonly name = "RetryableError";
  /** How long to wait before the next attempt, if the handler knows. */
  readonly retryAfterSeconds: number | undefined;

  /**
   * @param code for programs, such as `LEDGER_AWAY`
   * @param detail for people
   * @throws RangeError if the status is not a whole number from 400 to 599, or the time is negative
   */
  constructor(code: string, detail: string, { status = 503, retryAfterSeconds, members, cause }: RetryableErrorOptions = {}) {
    if (retryAfterSeconds !== undefined && !(retryAfterSeconds >= 0))
      throw new RangeError(`Expected retryAfterSeconds of 0 or more, got ${retryAfterSeconds}`);
    super(status, code, detail, members);
    this.retryAfterSeconds = retryAfterSeconds;
    if (cause !== undefined) this.cause = cause;
  }
}

/** Makes `context.errors` of an operation. The data of an error is checked when the error becomes a reply. */
export const createErrors = (definitions: ErrorDefinitions): HandlerContext["errors"] =>
  Object.freeze(
    Object.fromEntries(
      Object.entries(definitions).map(([code, { status, data: schema }]) => {
        const create = (detail = phraseOf(status), members = {}): OperationError => new OperationError(status, code, detail, members);
        return [
          code,
          schema === undefined ? (detail?: string) => create(detail) : (data: unknown, detail?: string) => create(detail, { data }),
        ];
      }),
    ),
  ) as HandlerContext["errors"];

/** The phrase of an HTTP status (RFC 9110 §15). */
export const phraseOf = (status: number): string => STATUS_CODES[status] ?? "Error";
