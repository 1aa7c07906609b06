import { createReplyEvent } from "../protocol/reply-event.ts";
import type { OutgoingReply } from "./replies.ts";
import type { EncodedReply, Sink } from "./sink.ts";

/**
 * A reply as the JSON of its event.
 * @throws TypeError if its data has no JSON, such as a bigint or a cycle.
 */
export const encodeReply = (reply: OutgoingReply): EncodedReply => {
  const json = JSON.stringify(createReplyEvent(reply));
  const { id, correlationId, returnTo } = reply;
  return { id, correlationId, json, bytes: Buffer.byteLength(json), ...(returnTo === undefined ? {} : { returnTo }) };
};

/** What stands around the events in a JSON array, and what stands between two of them. */
const BRACKETS_BYTES = 2;
const COMMA_BYTES = 1;

/** Takes from the front of a queue as many as fit into one batch, at least one. */
export const takeBatch = <T extends { readonly encoded: EncodedReply }>(
  queue: T[],
  { maxReplies, maxBytes }: Pick<Sink["limits"], "maxReplies" | "maxBytes">,
): T[] => {
  let bytes = BRACKETS_BYTES;
  let count = 0;
  for (const { encoded } of queue) {
    bytes += encoded.bytes + COMMA_BYTES;
    if (count > 0 && (count === maxReplies || bytes > maxBytes)) break;
    count += 1;
  }
  return queue.splice(0, count);
};
