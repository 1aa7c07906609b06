import type { Outcome } from "../../protocol/reply-event.ts";
import { createProblem } from "../../protocol/problem.ts";
import { isTerminal } from "../../protocol/states.ts";
import type { Delivery, StatusKey, StoredStatus } from "../status-store.ts";

/** How long past the deadline a request without a terminal reply is still pending: a reply may be on its way. */
const GRACE_AFTER_DEADLINE_MS = 60_000;

/** A status as a mailbox keeps it: who ended it decides what a later reply is called. */
export type KeptStatus = StoredStatus & {
  /** The reply that made this status; null if the mailbox did. */
  readonly replyId: string | null;
};

export type Settlement = { readonly outcome: Outcome; readonly next?: KeptStatus };

/**
 * What a reply does to a status. The first terminal reply wins: a second is `duplicate`, and one after the mailbox itself
 * has ended the request is `late`. News that says nothing new is `duplicate`, so a batch sent again changes nothing.
 */
export const settle = (current: KeptStatus | undefined, delivery: Delivery, now: number): Settlement => {
  if (current !== undefined && isTerminal(current.state)) return { outcome: current.replyId === null ? "late" : "duplicate" };
  if (current !== undefined && !isTerminal(delivery.state) && (delivery.attempt ?? 0) <= (current.attempt ?? 0))
    return { outcome: "duplicate" };
  return {
    outcome: "stored",
    next: {
      state: delivery.state,
      version: (current?.version ?? 0) + 1,
      updatedAt: now,
      operation: delivery.operation,
      httpStatus: delivery.httpStatus,
      attempt: delivery.attempt ?? current?.attempt ?? null,
      body: delivery.body,
      replyId: delivery.replyId,
    },
  };
};

/** Whether a request that has no terminal status yet is to be called expired when somebody asks. */
export const isOverdue = (key: StatusKey, now: number): boolean => now > key.deadline + GRACE_AFTER_DEADLINE_MS;

/** The status that ends an overdue request. From then on a reply is `late`, so what was shown never changes back. */
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
    replyId: null,
  };
};
