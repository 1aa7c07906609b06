import type { Contract } from "../contract/contract.ts";
import type { Operation } from "../contract/operation.ts";
import { validate } from "../contract/schema.ts";
import type { Log } from "../environment/log.ts";
import { systemTime, type Time } from "../environment/time.ts";
import { createProblem, type Problem } from "../protocol/problem.ts";
import { dataSchemaOf } from "../protocol/request-event.ts";
import { type AnyHandlers, createErrors, type HandlerContext, OperationError, readResult } from "./handler.ts";
import type { StartedTask } from "./keyed-executor.ts";
import type { IncomingRequest } from "./reading.ts";
import { type OutgoingReply, problemOfOperation, type Replies } from "./replies.ts";

/** A handler that takes longer is reported as `processing`. Sooner, the message would only cost: nobody has time to see it. */
const PROCESSING_AFTER_MS = 250;

type HandlerInvokerOptions = {
  readonly contract: Contract;
  readonly handlers: AnyHandlers;
  readonly replies: Replies;
  readonly log: Log;
  /** Called with `processing` while a handler still runs. */
  onProcessing(reply: OutgoingReply): void;
  /** Aborts the handlers that run when the process can wait no longer. */
  readonly stop: AbortSignal;
  readonly time?: Time;
};

/** What came of an attempt at handling a request. */
export type AttemptResult =
  /** An answer. */
  | {
      readonly kind: "reply";
      readonly reply: OutgoingReply;
      /** The deadline has passed, and the handler still runs: its reply once it has ended, or undefined if it ended without one. */
      readonly late?: Promise<OutgoingReply | undefined>;
    }
  /** No answer. What the caller is told if it is the last attempt, whether another may do better, and what was thrown. */
  | {
      readonly kind: "failed";
      readonly problem: Problem;
      readonly isRetryable: boolean;
      readonly cause: unknown;
      /** How long to wait before the next attempt, if the error says so. */
      readonly retryAfterMs?: number | undefined;
    };

/**
 * Handles a request; attempts count from 1. The result never rejects: whatever goes wrong is a reply too. It is undefined if the handler ended
 * without a reply because the process stops.
 */
export type HandlerInvoker = (request: IncomingRequest, attempt: number) => StartedTask<AttemptResult | undefined>;

/** An operation that is handled here, with what is made once for all its requests. */
type Handled = {
  readonly operation: Operation;
  readonly handler: (request: never, context: never) => unknown;
  readonly errors: HandlerContext["errors"];
};

/** Invokes the handler of the request's operation, within the request's deadline. */
export const createHandlerInvoker = ({
  contract,
  handlers,
  replies,
  log,
  onProcessing,
  stop,
  time = systemTime,
}: HandlerInvokerOptions): HandlerInvoker => {
  const operations = new Map(
    Object.entries(handlers).flatMap(([name, handler]): [string, Handled][] => {
      const operation = contract[name];
      return operation === undefined ? [] : [[name, { operation, handler, errors: createErrors(operation.errors) }]];
    }),
  );
  const running = new Set<AbortController>();
  stop.addEventListener("abort", () => {
    for (const abort of running) abort.abort(stop.reason);
  });

  const replyOf = async (request: IncomingRequest, { operation, handler }: Handled, context: HandlerContext): Promise<OutgoingReply> => {
    const validated = validate(operation.request, request.data);
    // Awaited only if it is a promise, so that the handler starts in the same turn.
    const { value, errors } = validated instanceof Promise ? await validated : validated;
    if (errors !== undefined) return replies.failed(request, createProblem("INVALID_REQUEST", { members: { errors } }));
    let result: unknown;
    try {
      // The only line that does not know the handler's types. The operation's own schema has just made what the handler gets.
      result = await handler(value as never, context as never);
    } catch (error) {
      if (error instanceof OperationError) return failedBy(error, request, operation, context);
      throw error;
    }
    const { reply, httpStatus } = readResult(result);
    const checked = await validate(operation.reply, reply);
    if (checked.errors === undefined) return replies.succeeded(request, checked.value, httpStatus);
    context.log.error({ issues: checked.errors }, "the handler's reply does not fit the schema");
    return replies.failed(request, createProblem("INVALID_REPLY"));
  };

  const failedBy = async (error: OperationError, request: IncomingRequest, { errors }: Operation, { log }: HandlerContext) => {
    const problem = problemOfOperation(error);
    const schema = Object.hasOwn(errors, error.code) ? errors[error.code]?.data : undefined;
    if (schema === undefined) return replies.failed(request, problem);
    const checked = await validate(schema, error.members["data"]);
    if (checked.errors === undefined) return replies.failed(request, { ...problem, data: checked.value });
    log.error({ code: error.code, issues: checked.errors }, "the data of the handler's error does not fit the schema");
    return replies.failed(request, createProblem("INVALID_REPLY"));
  };

  /** Undefined if the handler ended without a reply after it was told to stop. */
  const handle = async (request: IncomingRequest, handled: Handled, context: HandlerContext): Promise<AttemptResult | undefined> => {
    try {
      const reply = await replyOf(request, handled, context);
      if (context.signal.aborted) context.log.warn("the handler replied after it was told to stop");
      return { kind: "reply", reply };
    } catch (error) {
      if (context.signal.aborted) {
        context.log.info("the handler ended after it was told to stop");
        return undefined;
      }
      context.log.error({ err: error }, "the handler failed");
      return { kind: "failed", problem: createProblem("HANDLER_FAILED"), isRetryable: handled.operation.retry.on === "any", cause: error };
    }
  };

  const mismatchOf = ({ dataschema, correlationId }: IncomingRequest, { name, description }: Operation): string | undefined => {
    // A dataschema of another kind says nothing about our contract.
    if (dataschema?.startsWith(DATA_SCHEMA_SCHEME) !== true) return undefined;
    const own = dataSchemaOf(name, description.fingerprint);
    if (dataschema === own) return undefined;
    log.error({ correlationId, operation: name, worker: dataschema, consumer: own }, "the Worker has another version of the contract");
    return `The Worker has ${dataschema} and the consumer ${own}. Deploy both from one version of the contract.`;
  };

  return (request) => {
    const { operation: name, deadline } = request;
    if (deadline <= time.now()) return done(replies.expired(request));
    const handled = operations.get(name);
    if (handled === undefined)
      return done(
        replies.failed(request, createProblem("NO_HANDLER", { detail: `This consumer has no handler for ${JSON.stringify(name)}.` })),
      );
    const mismatch = mismatchOf(request, handled.operation);
    if (mismatch !== undefined) return done(replies.failed(request, createProblem("CONTRACT_MISMATCH", { detail: mismatch })));

    const abort = new AbortController();
    running.add(abort);
    const ended = handle(request, handled, createContext({ request, signal: abort.signal, log, errors: handled.errors }));
    const processing = time.setTimeout(() => onProcessing(replies.processing(request)), PROCESSING_AFTER_MS);
    let expiry: unknown;
    const expired = new Promise<AttemptResult>((resolve) => {
      expiry = time.setTimeout(() => {
        const late = ended.then((result) => (result?.kind === "failed" ? replies.failed(request, result.problem) : result?.reply));
        resolve({ kind: "reply", reply: replies.expired(request), late });
        abort.abort(new DOMException("The deadline of the request has passed.", "TimeoutError"));
      }, deadline - time.now());
    });
    const result = Promise.race([ended, expired]).finally(() => {
      time.clearTimeout(processing);
      time.clearTimeout(expiry);
    });
    return { result, ended: ended.finally(() => running.delete(abort)) };
  };
};

const DATA_SCHEMA_SCHEME = "rejoinder:";

const done = (reply: OutgoingReply): StartedTask<AttemptResult> => ({
  result: Promise.resolve({ kind: "reply", reply }),
  ended: Promise.resolve(),
});

type ContextParts = Pick<HandlerContext, "signal" | "log" | "errors"> & { readonly request: IncomingRequest };

const createContext = ({ request, signal, log, errors }: ContextParts): HandlerContext => {
  const { correlationId, operation, deadline, traceparent } = request;
  let ownLog: Log | undefined;
  return {
    correlationId,
    operation,
    deadline: new Date(deadline),
    signal,
    ...(traceparent === undefined ? {} : { traceparent }),
    // Made when it is first asked for: most handlers never write a line.
    get log() {
      ownLog ??= log.child({ correlationId, operation, traceId: traceIdOf(traceparent) });
      return ownLog;
    },
    errors,
  };
};

/** Version, trace ID, parent ID and flags; a later version may add to them (W3C Trace Context §3.2). */
const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}(?:-|$)/;

const traceIdOf = (traceparent = ""): string | undefined => TRACEPARENT.exec(traceparent)?.[1];
