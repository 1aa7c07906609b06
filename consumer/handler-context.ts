import type { Operation } from "../contract/operation.ts";
import type { Log } from "../environment/log.ts";
import type { Time } from "../environment/time.ts";
import { ANONYMOUS } from "../protocol/caller.ts";
import { createChunkEmitter } from "./chunk-emitter.ts";
import type { HandlerContext } from "./handler.ts";
import { createOnce, type Once } from "./once/once.ts";
import type { OnceStore } from "./once/store.ts";
import { createProgressReporter } from "./progress-reporter.ts";
import type { IncomingRequest } from "./reading.ts";
import { type Addressee, logFieldsOf, type OutgoingReply, type Replies } from "./replies.ts";

type RunContextOptions = {
  readonly request: IncomingRequest;
  /** The request, in this attempt. */
  readonly to: Addressee;
  readonly attempt: number;
  readonly operation: Operation;
  readonly errors: HandlerContext["errors"];
  /** When this run must have ended, in milliseconds since 1970. */
  readonly until: number;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly onceStore: OnceStore;
  readonly replies: Replies;
  deliver(news: OutgoingReply): Promise<boolean>;
  /** The handler has said how far it is, for the first time. */
  onProgress(): void;
  readonly time: Time;
};

/** What one run of a handler is given. */
type RunContext = {
  readonly context: HandlerContext;
  /** Must be called when the handler has ended, before its reply is delivered. */
  end(): void;
};

export const createRunContext = (options: RunContextOptions): RunContext => {
  const { request, attempt, operation, until, signal, log, onceStore, errors } = options;
  const { correlationId, acceptedAt, deadline, traceparent, returnTo, caller = ANONYMOUS } = request;
  const { name } = operation;
  let ownLog: Log | undefined;
  let ownOnce: Once | undefined;
  const context: HandlerContext = {
    correlationId,
    operation: name,
    attempt,
    caller,
    deadline: new Date(until),
    signal,
    ...(traceparent === undefined ? {} : { traceparent }),
    // Made when it is first asked for: most handlers never write a line.
    get log() {
      ownLog ??= log.child(logFieldsOf(request));
      return ownLog;
    },
    // A second getter would cost each request more than this function does.
    once(step, fn) {
      const expiresAt = Math.max(acceptedAt + operation.retentionSeconds * 1_000, deadline);
      ownOnce ??= createOnce(onceStore, { correlationId, returnTo, expiresAt });
      return ownOnce(step, fn);
    },
    errors,
  };
  const news = createNews(options, context);
  if (news === undefined) return { context, end: nothing };
  return { context: Object.assign(context, news.members), end: news.end };
};

const nothing = (): void => {};

type NewsMembers = Readonly<Partial<Record<"progress" | "emit", (value: unknown) => Promise<void>>>>;

/** What a handler can give away while it runs; undefined if its operation has nothing of that kind. */
const createNews = (options: RunContextOptions, context: HandlerContext): { readonly members: NewsMembers; end(): void } | undefined => {
  const { to, operation, replies, deliver, onProgress, signal, time } = options;
  const { name, progress, chunk } = operation;
  if (progress === undefined && chunk === undefined) return undefined;
  let hasEnded = false;

  /** A call that fails does not end the process if nobody awaits it, but the log says so. */
  const member =
    (what: string, call: (value: unknown) => Promise<void>) =>
    (value: unknown): Promise<void> => {
      const called = signal.aborted
        ? Promise.reject(signal.reason)
        : hasEnded
          ? Promise.reject(new Error(`Expected ${what} of operation "${name}" before its handler has ended.`))
          : call(value);
      called.catch((error) => signal.aborted || context.log.warn({ err: error }, `the handler's ${what} was not taken`));
      return called;
    };

  const reporter =
    progress &&
    createProgressReporter({
      schema: progress,
      what: `progress of operation "${name}"`,
      createNews: (value) => replies.processing(to, { progress: value }),
      deliver,
      onFirst: onProgress,
      time,
    });
  const emitter =
    chunk &&
    createChunkEmitter({
      schema: chunk,
      what: `a chunk of operation "${name}"`,
      createNews: (emitted, chunks) => replies.emitted(to, emitted, chunks),
      deliver,
      signal,
      time,
    });
  return {
    members: {
      ...(reporter && { progress: member("progress", reporter.progress) }),
      ...(emitter && { emit: member("chunk", emitter.emit) }),
    },
    end() {
      hasEnded = true;
      reporter?.end();
      emitter?.end();
    },
  };
};
