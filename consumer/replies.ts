import { randomUUID } from "node:crypto";
import { systemTime, type Time } from "../environment/time.ts";
import type { Problem } from "../protocol/problem.ts";
import type { Emitted, ProcessingNews, Reply } from "../protocol/reply-event.ts";
import { traceIdOf } from "../protocol/traceparent.ts";
import { type OperationError, phraseOf } from "./handler.ts";
import type { ReturnAddress } from "./return-address.ts";

/** Which request a reply answers. */
export type Addressee = {
  readonly correlationId: string;
  readonly operation: string;
  /** Which attempt at handling the request this is about, from 1. */
  readonly attempt?: number | undefined;
  /** The trace that the request belongs to (W3C Trace Context). */
  readonly traceparent?: string | undefined;
  /** Undefined: the caller of the Worker, by the correlation ID alone. */
  readonly returnTo?: ReturnAddress | undefined;
  /** Nobody waits for a reply: what is made of it is not delivered. */
  readonly isOneWay?: boolean | undefined;
};

/** What a line of the log says of which request it is about. */
export const logFieldsOf = ({ correlationId, operation, traceparent }: Addressee) => ({
  correlationId,
  operation,
  traceId: traceIdOf(traceparent),
});

/** A reply, and where it goes. */
export type OutgoingReply = Reply & Pick<Addressee, "returnTo" | "isOneWay">;

/** Makes replies, each with its own id. */
export type Replies = {
  processing(to: Addressee, news?: ProcessingNews): OutgoingReply;
  /** Chunks of one run of the handler, in order; at least one. */
  emitted(to: Addressee, emitted: Emitted, chunks: readonly unknown[]): OutgoingReply;
  /** An attempt has failed with this problem, and the one of that number begins then, in milliseconds since 1970. */
  retrying(to: Addressee, attempt: number, lastError: Problem, nextAttemptAt: number): OutgoingReply;
  /** `data` is JSON; a handler that returns nothing replies `null`. */
  succeeded(to: Addressee, data: unknown, httpStatus?: number): OutgoingReply;
  failed(to: Addressee, problem: Problem): OutgoingReply;
  expired(to: Addressee): OutgoingReply;
  /** Nothing runs for it any more, because somebody has cancelled it. */
  cancelled(to: Addressee): OutgoingReply;
};

type RepliesOptions = {
  /** Who replies: the `source` of the events. */
  readonly source: string;
  readonly time?: Time;
};

/** Replies of one consumer. */
export const createReplies = ({ source, time = systemTime }: RepliesOptions): Replies => {
  const reply = (
    { correlationId, operation, attempt, traceparent, returnTo, isOneWay }: Addressee,
    rest: Pick<Reply, "state" | "data" | "httpStatus" | "attempt" | "emitted">,
  ): OutgoingReply => ({
    id: randomUUID(),
    correlationId,
    operation,
    source,
    time: time.now(),
    ...(attempt === undefined ? {} : { attempt }),
    ...rest,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(returnTo === undefined ? {} : { returnTo }),
    ...(isOneWay === true ? { isOneWay } : {}),
  });
  return {
    processing: (to, news) => reply(to, { state: "processing", ...(news === undefined ? {} : { data: news }) }),
    emitted: (to, emitted, chunks) => reply(to, { state: "processing", emitted, data: chunks }),
    retrying(to, attempt, lastError, nextAttemptAt) {
      const news: ProcessingNews = { lastError, nextAttemptAt: new Date(nextAttemptAt).toISOString() };
      return reply(to, { state: "processing", attempt, data: news });
    },
    succeeded: (to, data, httpStatus) => reply(to, { state: "succeeded", data: data ?? null, httpStatus }),
    failed: (to, problem) => reply(to, { state: "failed", data: problem }),
    expired: (to) => reply(to, { state: "expired" }),
    cancelled: (to) => reply(to, { state: "cancelled" }),
  };
};

/** The problem details of an error that a handler threw (RFC 9457 §4.2.1: the title is the status's own phrase). */
export const problemOfOperation = ({ status, code, message, members }: OperationError): Problem => ({
  ...members,
  type: "about:blank",
  title: phraseOf(status),
  status,
  code,
  detail: message,
});
