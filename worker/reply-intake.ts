import { RejoinderError } from "../protocol/errors.ts";
import { MAX_BATCH_REPLIES, MAX_REPLY_BYTES } from "../protocol/limits.ts";
import { createProblem, isProblem } from "../protocol/problem.ts";
import { type Outcome, readReplyEvent, type Reply } from "../protocol/reply-event.ts";
import { isLongerThan } from "./body.ts";
import type { CorrelationIds } from "./correlation-id.ts";
import type { NewReply, StatusKey } from "./status-store.ts";

type ReplyIntakeOptions = {
  readonly ids: CorrelationIds;
  /** As {@link StatusStore.write}. */
  readonly write: (replies: readonly NewReply[]) => Promise<readonly Outcome[]>;
  readonly now?: () => number;
};

const STATUS_OF_STATE = { processing: 202, succeeded: 200, failed: 500, cancelled: 409, expired: 504 } as const;

/** Reads the reply events of a batch. @throws RejoinderError `INVALID_BATCH` or `BODY_TOO_LARGE` */
export const readReplies = (batch: unknown): Reply[] => {
  if (!Array.isArray(batch)) throw new RejoinderError("INVALID_BATCH", { detail: "Expected a JSON array of CloudEvents." });
  if (batch.length > MAX_BATCH_REPLIES) {
    throw new RejoinderError("BODY_TOO_LARGE", { detail: `Expected at most ${MAX_BATCH_REPLIES} replies, got ${batch.length}.` });
  }
  return batch.map(readReplyEvent);
};

/**
 * Stores replies however they came, and resolves to one outcome each: `unknown` for a request that this environment did not accept, or whose
 * retention is over.
 * @throws RejoinderError `BODY_TOO_LARGE` if a reply is, and then none is stored
 */
export const createReplyIntake = ({ ids, write, now = Date.now }: ReplyIntakeOptions) => {
  const toNewReply = async (reply: Reply): Promise<NewReply | undefined> => {
    const id = await ids.read(reply.correlationId);
    if (id === undefined || now() >= id.expiresAt) return undefined;
    const { text, shard, createdAt, deadline, expiresAt } = id;
    const key: StatusKey = { text, shard, createdAt, deadline, expiresAt };
    const data = reply.data === undefined && reply.state === "expired" ? createProblem("DEADLINE_EXCEEDED") : reply.data;
    return {
      key,
      replyId: reply.id,
      state: reply.state,
      operation: reply.operation,
      httpStatus: reply.httpStatus ?? (reply.state !== "succeeded" && isProblem(data) ? data.status : STATUS_OF_STATE[reply.state]),
      attempt: reply.attempt ?? null,
      body: data === undefined ? null : toText(reply.id, data),
    };
  };

  return async (replies: readonly Reply[]): Promise<Outcome[]> => {
    const newReplies = await Promise.all(replies.map(toNewReply));
    const known = newReplies.filter((reply) => reply !== undefined);
    const outcomes = known.length === 0 ? [] : await write(known);
    let next = 0;
    return newReplies.map((reply) => (reply === undefined ? "unknown" : (outcomes[next++] ?? "retry")));
  };
};

/** The data as JSON text: it is stored and returned as such. */
const toText = (replyId: string, data: unknown): string => {
  const text = JSON.stringify(data);
  if (isLongerThan(text, MAX_REPLY_BYTES)) {
    throw new RejoinderError("BODY_TOO_LARGE", {
      detail: `Expected each reply to have at most ${MAX_REPLY_BYTES} bytes, reply ${replyId} has more.`,
    });
  }
  return text;
};
