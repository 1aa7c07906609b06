import type { Outcome } from "../../protocol/reply-event.ts";
import { createProblem } from "../../protocol/problem.ts";
import { isTerminal } from "../../protocol/states.ts";
import type { NewReply, StatusKey, StoredStatus } from "../status-store.ts";

/** How long past the deadline a request without a terminal reply is still pending: a reply may be on its way. */
export const GRACE_AFTER_DEADLINE_MS = 60_000;

/** A status as a mailbox keeps it: who ended it decides the outcome of a later reply. */
export type KeptStatus = StoredStatus & {
  /** The reply that made this status; null if the mailbox did. */
  readonly replyId: string | null;
};

type Settlement = { readonly outcome: Outcome; readonly next?: KeptStatus };

/**
 * What a reply does to a status. The first terminal reply wins, and a second is `duplicate`. A reply that comes after the mailbox itself
 * has ended the request is `late`: the first of them is kept beside the state. A reply that says nothing new is `duplicate` or
 * `late` again, so a batch that is sent again changes nothing.
 */
export const settle = (current: KeptStatus | undefined, reply: NewReply, now: number): Settlement => {
  if (current !== undefined && isTerminal(current.state)) return current.replyId === null ? settleLate(current, reply, now) : DUPLICATE;
  if (current !== undefined && !isTerminal(reply.state) && (reply.attempt ?? 0) <= (current.attempt ?? 0)) return DUPLICATE;
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
    },
  };
};

const DUPLICATE: Settlement = { outcome: "duplicate" };

const settleLate = (current: KeptStatus, { state, operation, body }: NewReply, now: number): Settlement => {
  // The status says `expired` already.
  const saysMore = isTerminal(state) && state !== "expired";
  if (!saysMore || current.lateReply !== null) return { outcome: "late" };
  const head = JSON.stringify({ state, receivedAt: new Date(now).toISOString() });
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
  };
};
