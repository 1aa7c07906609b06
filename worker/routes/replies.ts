import type { Context } from "hono";
import { RejoinderError } from "../../protocol/errors.ts";
import { MAX_BATCH_BYTES, MAX_BATCH_REPLIES, MAX_REPLY_BYTES } from "../../protocol/limits.ts";
import { createProblem, isProblem } from "../../protocol/problem.ts";
import { type DeliveryResult, readReplyEvent, type Reply, REPLY_BATCH_CONTENT_TYPE } from "../../protocol/reply-event.ts";
import { importWebhookKey, verifyWebhook, type WebhookVerdict } from "../../protocol/webhook-signature.ts";
import { jsonResponse, problemResponse } from "../responses.ts";
import { parseJson, readBody } from "../body.ts";
import type { CorrelationIds } from "../correlation-id.ts";
import type { NewReply, StatusKey, StatusStore } from "../status-store.ts";

type RepliesOptions = {
  readonly ids: CorrelationIds;
  readonly statuses: StatusStore;
  /** Key bytes, newest first. */
  readonly secrets: readonly Uint8Array<ArrayBuffer>[];
  readonly now?: () => number;
};

const STATUS_OF_STATE = { processing: 202, succeeded: 200, failed: 500, cancelled: 409, expired: 504 } as const;

/** `POST /replies`: the consumer's signed batch of reply events. The signature is checked before anything is parsed. */
export const createRepliesRoute = ({ ids, statuses, secrets, now = Date.now }: RepliesOptions) => {
  let keys: Promise<CryptoKey[]> | undefined;

  const verify = async (headers: Headers, body: Uint8Array): Promise<WebhookVerdict> => {
    keys ??= Promise.all(secrets.map(importWebhookKey));
    return verifyWebhook(await keys, { headers, body, nowMs: now() });
  };

  const unauthorized = (verdict: WebhookVerdict): Response => {
    const error = new RejoinderError("UNAUTHORIZED", { detail: `The webhook signature is ${verdict}.` });
    // So that a sender whose clock is off can see it.
    return problemResponse(error, { date: new Date(now()).toUTCString() });
  };

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

  return async (context: Context): Promise<Response> => {
    const body = await readBody(context.req.raw, MAX_BATCH_BYTES);
    const verdict = await verify(context.req.raw.headers, body);
    if (verdict !== "valid") return unauthorized(verdict);
    const replies = readBatch(context, body);
    const newReplies = await Promise.all(replies.map(toNewReply));
    const known = newReplies.filter((reply) => reply !== undefined);
    const outcomes = known.length === 0 ? [] : await statuses.write(known);
    const results = replies.map(({ id, correlationId }, index): DeliveryResult => ({
      id,
      correlationId,
      outcome: newReplies[index] === undefined ? "unknown" : (outcomes.shift() ?? "retry"),
    }));
    return jsonResponse(200, JSON.stringify({ results }));
  };
};

const readBatch = (context: Context, body: Uint8Array): Reply[] => {
  const contentType = context.req.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (contentType !== REPLY_BATCH_CONTENT_TYPE) {
    throw new RejoinderError("UNSUPPORTED_MEDIA_TYPE", { detail: `Expected the header Content-Type: ${REPLY_BATCH_CONTENT_TYPE}.` });
  }
  const batch = parseJson(body);
  if (!Array.isArray(batch)) throw new RejoinderError("INVALID_BATCH", { detail: "Expected a JSON array of CloudEvents." });
  if (batch.length > MAX_BATCH_REPLIES) {
    throw new RejoinderError("BODY_TOO_LARGE", { detail: `Expected at most ${MAX_BATCH_REPLIES} replies, got ${batch.length}.` });
  }
  return batch.map(readReplyEvent);
};

const encoder = new TextEncoder();

/** The data as JSON text: it is stored and returned as such. */
const toText = (replyId: string, data: unknown): string => {
  const text = JSON.stringify(data);
  // A character is at most three bytes, so nearly all are measured without being encoded.
  if (text.length * 3 > MAX_REPLY_BYTES && encoder.encode(text).length > MAX_REPLY_BYTES) {
    throw new RejoinderError("BODY_TOO_LARGE", {
      detail: `Expected each reply to have at most ${MAX_REPLY_BYTES} bytes, reply ${replyId} has more.`,
    });
  }
  return text;
};
