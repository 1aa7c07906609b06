import { type ErrorCode, RejoinderError } from "../protocol/errors.ts";
import { MAX_BATCH_REPLIES, MAX_CHUNKS_BYTES, MAX_NEWS_BYTES, MAX_REPLY_BYTES } from "../protocol/limits.ts";
import { createProblem, isProblem } from "../protocol/problem.ts";
import { type Outcome, type ProcessingNews, readReplyEvent, type Reply } from "../protocol/reply-event.ts";
import type { ReplyState } from "../protocol/states.ts";
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

/** Why a request has ended so, if whoever ended it does not say. */
const PROBLEM_OF_STATE: Partial<Record<ReplyState, ErrorCode>> = { cancelled: "CANCELLED", expired: "DEADLINE_EXCEEDED" };

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
 * retention is over; `refused` for news and chunks that are larger than a mailbox keeps.
 * @throws RejoinderError `BODY_TOO_LARGE` if a reply is, and then none is stored
 */
export const createReplyIntake = ({ ids, write, now = Date.now }: ReplyIntakeOptions) => {
  const toNewReply = async (reply: Reply): Promise<NewReply | Outcome> => {
    const id = await ids.read(reply.correlationId);
    if (id === undefined || now() >= id.expiresAt) return "unknown";
    const { text, shard, createdAt, deadline, expiresAt } = id;
    const key: StatusKey = { text, shard, createdAt, deadline, expiresAt };
    const { state } = reply;
    if (state === "processing") return toNewProcessing(reply, key);
    const code = reply.data === undefined ? PROBLEM_OF_STATE[state] : undefined;
    const data = code === undefined ? reply.data : createProblem(code);
    return {
      key,
      replyId: reply.id,
      state,
      operation: reply.operation,
      httpStatus: reply.httpStatus ?? (state !== "succeeded" && isProblem(data) ? data.status : STATUS_OF_STATE[state]),
      attempt: reply.attempt ?? null,
      body: data === undefined ? null : toText(reply.id, data),
      ...(reply.position === undefined ? {} : { commit: { position: reply.position, aggregateVersion: reply.aggregateVersion } }),
    };
  };

  return async (replies: readonly Reply[]): Promise<Outcome[]> => {
    const newReplies = await Promise.all(replies.map(toNewReply));
    const known = newReplies.filter((reply) => typeof reply !== "string");
    const outcomes = known.length === 0 ? [] : await write(known);
    let next = 0;
    return newReplies.map((reply) => (typeof reply === "string" ? reply : (outcomes[next++] ?? "retry")));
  };
};

const toNewProcessing = ({ id, operation, attempt, data, emitted }: Reply, key: StatusKey): NewReply | "refused" => {
  const processing = {
    key,
    replyId: id,
    state: "processing",
    operation,
    httpStatus: STATUS_OF_STATE.processing,
    attempt: attempt ?? null,
    body: null,
  } as const;
  if (emitted !== undefined) {
    const texts = (data as readonly unknown[]).map((chunk) => JSON.stringify(chunk));
    if (texts.some((text) => isLongerThan(text, MAX_CHUNKS_BYTES))) return "refused";
    return { ...processing, emitted: { ...emitted, texts } };
  }
  if (data === undefined) return processing;
  const { progress, lastError, nextAttemptAt } = data as ProcessingNews;
  const news = {
    ...(progress === undefined ? {} : { progress: JSON.stringify(progress) }),
    ...(lastError === undefined ? {} : { lastError: JSON.stringify(lastError) }),
    ...(nextAttemptAt === undefined ? {} : { nextAttemptAt: Date.parse(nextAttemptAt) }),
  };
  if (isLongerThan(news.progress ?? "", MAX_NEWS_BYTES) || isLongerThan(news.lastError ?? "", MAX_NEWS_BYTES)) return "refused";
  return { ...processing, news };
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
