import type { Outcome } from "../../protocol/reply-event.ts";
import { createProblem } from "../../protocol/problem.ts";
import { isTerminal } from "../../protocol/states.ts";
import type { NewReply, StatusKey, StoredCommit, StoredDetails, StoredStatus } from "../status-store.ts";
import { addChunks, type ChunkChange, closeExecution } from "./chunk-rules.ts";

/** How long past the deadline a request without a terminal reply is still pending: a reply may be on its way. */
export const GRACE_AFTER_DEADLINE_MS = 60_000;

/** A status as a mailbox keeps it. */
export type KeptStatus = StoredStatus & {
  /** The reply that made this status; null if the mailbox did. */
  readonly replyId: string | null;
  readonly details?: KeptDetails | undefined;
};

export type KeptDetails = StoredDetails & {
  /** The reply that had ended the request before it was sent again. */
  readonly earlierEnd?: string | undefined;
};

type Settlement = { readonly outcome: Outcome; readonly next?: KeptStatus; readonly chunks?: ChunkChange };

/**
 * What a reply does to a status. The first terminal reply wins, and a second is `duplicate`. A reply that comes after the request has expired,
 * whoever said so, is `late`: the first of them is kept beside the state. A reply that says nothing new is `duplicate` or `late` again, so
 * a batch that is sent again changes nothing.
 */
export const settle = (current: KeptStatus | undefined, reply: NewReply, now: number): Settlement => {
  if (current !== undefined && isTerminal(current.state)) return settleEnded(current, reply, now);
  if (isTerminal(reply.state)) return settleEnd(current, reply, now);
  return reply.emitted === undefined ? settleNews(current, reply, now) : settleChunks(current, reply, reply.emitted, now);
};

const DUPLICATE: Settlement = { outcome: "duplicate" };

const settleEnd = (current: KeptStatus | undefined, reply: NewReply, now: number): Settlement => {
  if (current?.details?.earlierEnd === reply.replyId) return DUPLICATE;
  return {
    outcome: "stored",
    next: {
      state: reply.state,
      version: (current?.version ?? 0) + 1,
      updatedAt: now,
      operation: reply.operation,
      httpStatus: reply.httpStatus,
      attempt: reply.attempt ?? current?.attempt ?? null,
      body: reply.body,
      lateReply: null,
      replyId: reply.replyId,
      details: endedDetails(current, reply.commit),
    },
  };
};

/** What stays of a request that has ended: no attempt is to come. */
const endedDetails = (current: KeptStatus | undefined, commit?: StoredCommit): KeptDetails | undefined =>
  current?.details === undefined ? commit : { ...current.details, nextAttemptAt: undefined, ...commit };

const settleNews = (current: KeptStatus | undefined, reply: NewReply, now: number): Settlement => {
  if (isOfEarlierAttempt(current, reply)) return DUPLICATE;
  const { news } = reply;
  const next = proceed(current, reply, now, { ...news, nextAttemptAt: news?.nextAttemptAt });
  return current !== undefined && isSame(current, next) ? DUPLICATE : { outcome: "stored", next };
};

const settleChunks = (
  current: KeptStatus | undefined,
  reply: NewReply,
  emitted: NonNullable<NewReply["emitted"]>,
  now: number,
): Settlement => {
  const change = addChunks(current?.details?.chunks, emitted, (current?.version ?? 0) + 1);
  if (typeof change === "string") return { outcome: change };
  const next = proceed(current, isOfEarlierAttempt(current, reply) ? { ...reply, attempt: null } : reply, now, {
    nextAttemptAt: undefined,
    chunks: change.count,
  });
  return { outcome: "stored", next, chunks: change };
};

const isOfEarlierAttempt = (current: KeptStatus | undefined, { attempt }: NewReply): boolean =>
  attempt !== null && attempt < (current?.attempt ?? 1);

/** The status of a request that is being handled. Who wants to cancel it has not changed their mind. */
const proceed = (current: KeptStatus | undefined, reply: NewReply, now: number, news: StoredDetails): KeptStatus => ({
  state: current?.state === "cancelling" ? "cancelling" : "processing",
  version: (current?.version ?? 0) + 1,
  updatedAt: now,
  operation: reply.operation,
  httpStatus: reply.httpStatus,
  attempt: reply.attempt ?? current?.attempt ?? null,
  body: null,
  lateReply: null,
  replyId: reply.replyId,
  details: withoutEmpty({ ...current?.details, ...news }),
});

/** Undefined if there is nothing in it, as for most requests. */
const withoutEmpty = (details: KeptDetails): KeptDetails | undefined =>
  Object.values(details).some((value) => value !== undefined) ? details : undefined;

const isSame = (current: KeptStatus, next: KeptStatus): boolean =>
  current.state === next.state &&
  current.attempt === next.attempt &&
  current.details?.progress === next.details?.progress &&
  current.details?.lastError === next.details?.lastError &&
  current.details?.nextAttemptAt === next.details?.nextAttemptAt;

const settleEnded = (current: KeptStatus, reply: NewReply, now: number): Settlement =>
  current.state !== "expired" || current.replyId === reply.replyId ? DUPLICATE : settleLate(current, reply, now);

const settleLate = (current: KeptStatus, { state, operation, body, commit }: NewReply, now: number): Settlement => {
  // The status says `expired` already.
  const saysMore = isTerminal(state) && state !== "expired";
  if (!saysMore || current.lateReply !== null) return { outcome: "late" };
  const head = JSON.stringify({ state, receivedAt: new Date(now).toISOString(), ...commit });
  const data = body === null ? "" : `,"${state === "succeeded" ? "reply" : "error"}":${body}`;
  const lateReply = `${head.slice(0, -1)}${data}}`;
  return { outcome: "late", next: { ...current, version: current.version + 1, updatedAt: now, operation, lateReply } };
};

/** Whether a request without a terminal status counts as expired. */
export const isOverdue = (key: StatusKey, now: number): boolean => now > key.deadline + GRACE_AFTER_DEADLINE_MS;

/** The status that ends an overdue request. From then on a reply is `late`, so a state that was shown never changes back. */
export const expire = (current: KeptStatus | undefined, now: number): KeptStatus => {
  const problem = createProblem("DEADLINE_EXCEEDED", { detail: "No reply came by the deadline." });
  return {
    state: "expired",
    version: (current?.version ?? 0) + 1,
    updatedAt: now,
    operation: current?.operation ?? null,
    httpStatus: problem.status,
    attempt: current?.attempt ?? null,
    body: JSON.stringify(problem),
    lateReply: null,
    replyId: null,
    details: endedDetails(current),
  };
};

/** The status of a pending request that somebody wants to cancel; undefined if somebody else has already. */
export const cancel = (current: KeptStatus | undefined, now: number): KeptStatus | undefined => {
  if (current?.state === "cancelling") return undefined;
  return { ...(current ?? ACCEPTED), state: "cancelling", version: (current?.version ?? 0) + 1, updatedAt: now };
};

/** What is known of a request of which nothing is. */
export const ACCEPTED = { operation: null, httpStatus: 202, attempt: null, body: null, lateReply: null, replyId: null } as const;

/** The status of a request that had ended and is sent again. Its attempts begin anew; what still comes of its earlier ones is dropped. */
export const reopen = (ended: KeptStatus, now: number): KeptStatus => ({
  ...ACCEPTED,
  state: "accepted",
  version: ended.version + 1,
  updatedAt: now,
  operation: ended.operation,
  details: withoutEmpty({ chunks: closeExecution(ended.details?.chunks), earlierEnd: ended.replyId ?? undefined }),
});

/** The status of a request in whose place another one was sent. */
export const nameRedriven = (ended: KeptStatus, redrivenAs: string, now: number): KeptStatus => ({
  ...ended,
  version: ended.version + 1,
  updatedAt: now,
  details: { ...ended.details, redrivenAs },
});

/** The status as it was, of a request that could not be sent again after all. */
export const takeBack = (changed: KeptStatus, ended: KeptStatus, now: number): KeptStatus => ({
  ...ended,
  version: changed.version + 1,
  updatedAt: now,
});
