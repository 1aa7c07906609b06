import { MAX_BATCH_BYTES, MAX_BATCH_REPLIES, MAX_REPLY_BYTES } from "../../protocol/limits.ts";
import { createReplyEvent } from "../../protocol/reply-event.ts";
import type { OutgoingReply } from "../replies.ts";
import type { EncodedReply } from "../sink.ts";

/** A reply event as JSON, made once; `bytes` counts the comma after it. */
export type ReplyJson = EncodedReply & { readonly json: string };

const COMMA_BYTES = 1;
const BRACKETS_BYTES = 2;

/** What the Worker takes, however it comes. */
export const REPLY_LIMITS = {
  maxReplies: MAX_BATCH_REPLIES,
  maxBytes: MAX_BATCH_BYTES - BRACKETS_BYTES,
  maxReplyBytes: MAX_REPLY_BYTES + COMMA_BYTES,
} as const;

/** @throws TypeError if the data has no JSON */
export const encodeReply = (reply: OutgoingReply): ReplyJson => {
  const json = JSON.stringify(createReplyEvent(reply));
  return { id: reply.id, json, bytes: Buffer.byteLength(json) + COMMA_BYTES };
};

/** The replies of a batch as a JSON array. */
export const joinReplies = (replies: readonly ReplyJson[]): string => `[${replies.map(({ json }) => json).join(",")}]`;
