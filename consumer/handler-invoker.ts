import { type Contract, findOperation } from "../contract/contract.ts";
import type { ErrorDefinitions, Operation } from "../contract/operation.ts";
import { validate } from "../contract/schema.ts";
import { createProblem } from "../protocol/problem.ts";
import { type AnyHandlers, createErrors, type HandlerContext, OperationError, readResult } from "./handler.ts";
import type { StartedTask } from "./keyed-executor.ts";
import type { Log } from "../environment/log.ts";
import { systemTime, type Time } from "../environment/time.ts";
import type { IncomingRequest } from "./reading.ts";
import { type OutgoingReply, problemOfOperation, type Replies } from "./replies.ts";

/** A handler that takes longer is reported as `processing`: less would cost a message that nobody has time to see. */
export const PROCESSING_AFTER_MS = 250;

export type HandlerInvokerOptions = {
  readonly contract: Contract;
  readonly handlers: AnyHandlers;
  readonly replies: Replies;
  readonly log: Log;
  /** Called with `processing` while a handler still runs. */
  onProcessing(reply: OutgoingReply): void;
  /** Aborts what runs when the process can wait no longer. */
  readonly stop: AbortSignal;
  readonly time?: Time;
};

/** Answers requests by their handlers. The result never rejects: whatever goes wrong is a reply too. */
export type HandlerInvoker = (request: IncomingRequest) => StartedTask<OutgoingReply>;

/** Answers by the handler of the request's operation, within the deadline. */
export const createHandlerInvoker = ({
  contract,
  handlers,
  replies,
  log,
  onProcessing,
  stop,
  time = systemTime,
}: HandlerInvokerOptions): HandlerInvoker => {
  const running = new Set<AbortController>();
  stop.addEventListener("abort", () => {
    for (const abort of running) abort.abort(stop.reason);
  });

  const handle = async (request: IncomingRequest, operation: Operation, context: HandlerContext): Promise<OutgoingReply> => {
    try {
      const validated = validate(operation.request, request.data);
      // Not awaited if it is there: the handler then starts in the same turn.
      const parsed = validated instanceof Promise ? await validated : validated;
      if (parsed.errors !== undefined)
        return replies.failed(request, createProblem("INVALID_REQUEST", { members: { errors: parsed.errors } }));
      // The one place where the type of a single handler is unknown; its own operation's schema has just made what it is given.
      const { reply, httpStatus } = readResult(await handlers[operation.name]?.(parsed.value as never, context as never));
      const checked = await validate(operation.reply, reply);
      if (checked.errors === undefined) return replies.succeeded(request, checked.value, httpStatus);
      context.log.error({ issues: checked.errors }, "the handler's reply does not fit the schema");
      return replies.failed(request, createProblem("INVALID_REPLY"));
    } catch (error) {
      if (error instanceof OperationError) return replies.failed(request, problemOfOperation(error));
      if (context.signal.aborted) context.log.info("the handler ended after it was told to stop");
      else context.log.error({ err: error }, "the handler failed");
      return replies.failed(request, createProblem("HANDLER_FAILED"));
    }
  };

  return (request) => {
    const { operation: name, correlationId, deadline } = request;
    if (deadline <= time.now()) return done(replies.expired(request));
    const operation = findOperation(contract, name);
    if (operation === undefined || !Object.hasOwn(handlers, name))
      return done(replies.failed(request, createProblem("NO_HANDLER", { detail: `Nothing here handles ${JSON.stringify(name)}.` })));

    const abort = new AbortController();
    const context = createContext({ correlationId, operation: name, deadline, signal: abort.signal, log, errors: operation.errors });
    running.add(abort);
    const handled = handle(request, operation, context);
    const processing = time.setTimeout(() => onProcessing(replies.processing(request)), PROCESSING_AFTER_MS);
    let expiry: unknown;
    const expired = new Promise<OutgoingReply>((resolve) => {
      expiry = time.setTimeout(() => {
        resolve(replies.expired(request));
        abort.abort(new DOMException("The deadline of the request has passed.", "TimeoutError"));
      }, deadline - time.now());
    });
    const result = Promise.race([handled, expired]).finally(() => {
      time.clearTimeout(processing);
      time.clearTimeout(expiry);
    });
    return { result, ended: handled.finally(() => running.delete(abort)) };
  };
};

const done = (reply: OutgoingReply): StartedTask<OutgoingReply> => ({ result: Promise.resolve(reply), ended: Promise.resolve() });

const createContext = ({
  correlationId,
  operation,
  deadline,
  signal,
  log,
  errors,
}: Pick<IncomingRequest, "correlationId" | "operation" | "deadline"> & {
  signal: AbortSignal;
  log: Log;
  errors: ErrorDefinitions;
}): HandlerContext => {
  let ownLog: Log | undefined;
  return {
    correlationId,
    operation,
    deadline: new Date(deadline),
    signal,
    // Made when first asked for: most handlers never write a line.
    get log() {
      ownLog ??= log.child({ correlationId, operation });
      return ownLog;
    },
    get errors() {
      return createErrors(errors);
    },
  };
};
