import type { Contract } from "../contract/contract.ts";
import type { Operation } from "../contract/operation.ts";
import { validate } from "../contract/schema.ts";
import type { Log } from "../environment/log.ts";
import { systemTime, type Time } from "../environment/time.ts";
import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import { createProblem, type Problem } from "../protocol/problem.ts";
import { dataSchemaOf } from "../protocol/request-event.ts";
import { type CommandDecider, RefusedCommandError, UnavailableError } from "./aggregates/command.ts";
import { validateGiven } from "./checked-json.ts";
import type { Cancellations } from "./cancellations.ts";
import { type AnyHandlers, createErrors, type HandlerContext, OperationError, readResult, RetryableError } from "./handler.ts";
import { createRunContext } from "./handler-context.ts";
import type { StartedTask } from "./keyed-executor.ts";
import { type ConsumerObserver, SILENT_OBSERVER } from "./observe/observer.ts";
import { NO_ONCE_STORE, type OnceStore } from "./once/store.ts";
import type { IncomingRequest } from "./reading.ts";
import { type Addressee, logFieldsOf, type OutgoingReply, problemOfOperation, type Replies } from "./replies.ts";

/** A handler that takes longer is reported as `processing`. Sooner, the message would only cost: nobody has time to see it. */
const PROCESSING_AFTER_MS = 250;

type HandlerInvokerOptions = {
  readonly contract: Contract;
  readonly handlers: AnyHandlers;
  /** Decides the commands of aggregates. Absent: there are none here. */
  readonly commands?: CommandDecider | undefined;
  /** Keeps the results of steps. Absent: handlers can do none by `once`. */
  readonly onceStore?: OnceStore | undefined;
  readonly replies: Replies;
  readonly log: Log;
  readonly observer?: Pick<ConsumerObserver, "handling"> | undefined;
  /** Takes what there is to say while a handler still runs. Resolves once that is delivered, or is not to be. */
  deliver(news: OutgoingReply): Promise<boolean>;
  readonly cancellations: Cancellations;
  /** Aborts the handlers that run when the process can wait no longer. */
  readonly stop: AbortSignal;
  /** With the clock that sets the deadlines. */
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
      /** However many attempts there were, others follow until the deadline. */
      readonly untilDeadline?: boolean;
    };

/**
 * Handles a request; attempts count from 1. The result never rejects: whatever goes wrong is a reply too. It is undefined if the handler ended
 * without a reply because the process stops. `record` is that of the request, which commands need.
 */
export type HandlerInvoker = (request: IncomingRequest, attempt: number, record?: ConsumerRecord) => StartedTask<AttemptResult | undefined>;

/** An operation that is handled here, with what is made once for all its requests. */
type Handled = {
  readonly operation: Operation;
  /** Undefined: it is a command. */
  readonly handler: undefined | ((request: never, context: never) => unknown);
  readonly errors: HandlerContext["errors"];
};

/** One run of a handler. */
type Run = {
  readonly request: IncomingRequest;
  readonly record: ConsumerRecord | undefined;
  readonly to: Addressee;
  readonly handled: Handled;
  readonly abort: AbortController;
  /** Somebody has cancelled the request, before its deadline. */
  isCancelled: boolean;
};

/** Invokes the handler of the request's operation, within the request's deadline. */
export const createHandlerInvoker = (options: HandlerInvokerOptions): HandlerInvoker => {
  const { contract, handlers, commands, onceStore = NO_ONCE_STORE, replies, log, deliver, cancellations, stop } = options;
  const { observer = SILENT_OBSERVER, time = systemTime } = options;
  const operations = new Map(
    [...Object.entries(handlers), ...(commands?.operations ?? []).map((name): [string, undefined] => [name, undefined])].flatMap(
      ([name, handler]): [string, Handled][] => {
        const operation = contract[name];
        return operation === undefined ? [] : [[name, { operation, handler, errors: createErrors(operation.errors) }]];
      },
    ),
  );
  const running = new Set<Run>();
  stop.addEventListener("abort", () => {
    for (const { abort } of running) abort.abort(stop.reason);
  });
  cancellations.watchAll((correlationId) => {
    for (const run of running) {
      const { request, abort } = run;
      if (request.correlationId !== correlationId || request.returnTo !== undefined || abort.signal.aborted) continue;
      run.isCancelled = true;
      abort.abort(new DOMException("The request was cancelled.", "AbortError"));
    }
  });

  const answer = (reply: OutgoingReply) => ({ kind: "reply", reply }) as const;
  const done = (reply: OutgoingReply): StartedTask<AttemptResult> => ({
    result: Promise.resolve(answer(reply)),
    ended: Promise.resolve(),
  });
  const bug = (code: "HANDLER_FAILED" | "INVALID_REPLY", { operation }: Handled, cause: unknown): AttemptResult => ({
    kind: "failed",
    problem: createProblem(code),
    isRetryable: operation.retry.on === "any",
    cause,
  });

  const handle = async (run: Run, context: HandlerContext): Promise<AttemptResult> => {
    const { request, to, handled } = run;
    const { operation, handler } = handled;
    const validated = validate(operation.request, request.data);
    // Awaited only if it is a promise, so that the handler starts in the same turn.
    const { value, ...members } = validated instanceof Promise ? await validated : validated;
    if (members.errors !== undefined) return answer(replies.failed(to, createProblem("INVALID_REQUEST", { members })));
    let result: unknown;
    try {
      if (handler === undefined) return answer(await decide(run, value, context.signal));
      // The only line that does not know the handler's types. The operation's own schema has just made what the handler gets.
      result = await handler(value as never, context as never);
    } catch (error) {
      if (error instanceof OperationError) return failedBy(error, to, handled, context);
      const failure = commandFailureOf(error, request);
      if (failure !== undefined) return failure;
      throw error;
    }
    const { reply, httpStatus } = readResult(result);
    const checked = await validateGiven(operation.reply, reply);
    if (checked.errors === undefined) return answer(replies.succeeded(to, checked.value, httpStatus));
    context.log.error({ issues: checked.errors }, "the handler's reply does not fit the schema");
    return bug("INVALID_REPLY", handled, new TypeError("The reply does not fit the operation's schema."));
  };

  const decide = async ({ request, record, to }: Run, value: unknown, signal: AbortSignal): Promise<OutgoingReply> => {
    if (commands === undefined || record === undefined) throw new TypeError("Expected the record of a command.");
    const { answer: decided, position, aggregateVersion } = await commands.decide({ request, value, record, signal });
    const reply =
      decided.error === undefined ? replies.succeeded(to, decided.reply) : replies.failed(to, decided.error as unknown as Problem);
    return { ...reply, position, aggregateVersion };
  };

  const failedBy = async (error: OperationError, to: Addressee, handled: Handled, { log }: HandlerContext): Promise<AttemptResult> => {
    const { errors } = handled.operation;
    const definition = Object.hasOwn(errors, error.code) ? errors[error.code] : undefined;
    const isRetryable = error instanceof RetryableError || definition?.retryable === true;
    if (isRetryable && error.cause !== undefined) log.warn({ err: error }, "the handler failed, and may do better later");
    const problem = { ...problemOfOperation(error), ...(isRetryable ? { retryable: true } : {}) };
    const ended = (told: Problem): AttemptResult => {
      if (!isRetryable) return answer(replies.failed(to, told));
      const seconds = error instanceof RetryableError ? error.retryAfterSeconds : undefined;
      return {
        kind: "failed",
        problem: told,
        isRetryable,
        cause: error,
        retryAfterMs: seconds === undefined ? undefined : seconds * 1_000,
      };
    };
    if (definition?.data === undefined) return ended(problem);
    const checked = await validateGiven(definition.data, error.members["data"]);
    if (checked.errors === undefined) return ended({ ...problem, data: checked.value });
    log.error({ code: error.code, issues: checked.errors }, "the data of the handler's error does not fit the schema");
    return bug("INVALID_REPLY", handled, error);
  };

  /** Undefined if the handler ended without an answer after it was told to stop, and not because somebody has cancelled the request. */
  const settle = async (run: Run, context: HandlerContext, end: () => void): Promise<AttemptResult | undefined> => {
    let result: AttemptResult;
    try {
      result = await handle(run, context);
    } catch (error) {
      if (!context.signal.aborted) context.log.error({ err: error }, "the handler failed");
      result = bug("HANDLER_FAILED", run.handled, error);
    }
    end();
    if (!context.signal.aborted) return result;
    if (result.kind === "reply") {
      context.log.warn("the handler replied after it was told to stop");
      return result;
    }
    context.log.info("the handler ended after it was told to stop");
    return run.isCancelled ? answer(replies.cancelled(run.to)) : undefined;
  };

  const mismatchOf = (request: IncomingRequest, { name, description }: Operation): string | undefined => {
    const { dataschema } = request;
    // A dataschema of another kind says nothing about our contract.
    if (dataschema?.startsWith(DATA_SCHEMA_SCHEME) !== true) return undefined;
    const own = dataSchemaOf(name, description.fingerprint);
    if (dataschema === own) return undefined;
    log.error({ ...logFieldsOf(request), worker: dataschema, consumer: own }, "the Worker has another version of the contract");
    return `The Worker has ${dataschema} and the consumer ${own}. Deploy both from one version of the contract.`;
  };

  return (request, attempt, record) => {
    const { correlationId, operation: name, deadline, traceparent, returnTo, isOneWay } = request;
    const to: Addressee = { correlationId, operation: name, attempt, traceparent, returnTo, isOneWay };
    if (deadline <= time.now()) return done(replies.expired(to));
    if (returnTo === undefined && cancellations.has(correlationId)) return done(replies.cancelled(to));
    const handled = operations.get(name);
    if (handled === undefined)
      return done(replies.failed(to, createProblem("NO_HANDLER", { detail: `This consumer has no handler for ${JSON.stringify(name)}.` })));
    const mismatch = mismatchOf(request, handled.operation);
    if (mismatch !== undefined) return done(replies.failed(to, createProblem("CONTRACT_MISMATCH", { detail: mismatch })));

    const { operation, handler, errors } = handled;
    // The deadline of a request that nobody waits for is far away: it may wait so long for its turn, or for its aggregate, but a handler not keep it.
    const until =
      isOneWay === true && handler !== undefined ? Math.min(deadline, time.now() + operation.deadlineSeconds * 1_000) : deadline;
    const abort = new AbortController();
    const { signal } = abort;
    const run: Run = { request, record, to, handled, abort, isCancelled: false };
    running.add(run);
    // Before the handler starts, which may say at once how far it is.
    const processing = time.setTimeout(() => void deliver(replies.processing(to)), PROCESSING_AFTER_MS);
    const onProgress = (): void => time.clearTimeout(processing);
    const { context, end } = createRunContext({
      request,
      to,
      attempt,
      operation,
      errors,
      until,
      signal,
      log,
      onceStore,
      replies,
      deliver,
      onProgress,
      time,
    });
    const handlerEnded = observer.handling(name, time.now() - request.acceptedAt);
    const ended = settle(run, context, end);
    const isOver = (): boolean => until <= time.now();
    const expire = (): AttemptResult => ({ ...answer(replies.expired(to)), late: ended.then((result) => lateReplyOf(result)) });
    // A handler that has blocked this process ends before the timer that would have ended it.
    const inTime = ended.then((result) => (result !== undefined && isOver() ? expire() : result));
    let expiry: unknown;
    const expired = new Promise<AttemptResult>((resolve) => {
      expiry = time.setTimeout(() => {
        resolve(expire());
        run.isCancelled = false;
        abort.abort(new DOMException("The deadline of the request has passed.", "TimeoutError"));
      }, until - time.now());
    });
    const result = Promise.race([inTime, expired]).finally(() => {
      time.clearTimeout(processing);
      time.clearTimeout(expiry);
    });
    const left = ended.finally(() => {
      running.delete(run);
      handlerEnded();
    });
    return { result, ended: left };
  };
};

/** What says why a command was not decided is for operators: they find it in the log. */
const commandFailureOf = (cause: unknown, { isOneWay }: IncomingRequest): AttemptResult | undefined => {
  if (cause instanceof UnavailableError) {
    // What nobody waits for nobody would send again.
    const untilDeadline = cause.untilDeadline || isOneWay === true;
    return { kind: "failed", problem: createProblem("AGGREGATE_UNAVAILABLE"), isRetryable: true, untilDeadline, cause };
  }
  if (!(cause instanceof RefusedCommandError)) return undefined;
  return { kind: "failed", problem: createProblem(cause.code, { detail: cause.message }), isRetryable: false, cause };
};

const DATA_SCHEMA_SCHEME = "rejoinder:";

const lateReplyOf = (result: AttemptResult | undefined): OutgoingReply | undefined =>
  result?.kind === "reply" && result.reply.state !== "cancelled" ? result.reply : undefined;
