import type { DeliveryResult } from "../protocol/reply-event.ts";
import type { ReturnAddress } from "./return-address.ts";

/** Replies that travel together; the id stays the same however often the batch is sent. */
export type Batch = { readonly id: string; readonly replies: readonly EncodedReply[] };

/** A reply event as JSON, measured once. */
export type EncodedReply = {
  readonly id: string;
  readonly correlationId: string;
  readonly json: string;
  readonly bytes: number;
  /** Where it goes, if not to the Worker. */
  readonly returnTo?: ReturnAddress | undefined;
};

/** What became of one attempt to send a batch. */
export type Attempt =
  /** Results in any order. A reply without one is sent again. */
  | { readonly kind: "answered"; readonly results: readonly DeliveryResult[] }
  /** The batch is too large as a whole: sent in halves, it may pass. */
  | { readonly kind: "too-large" }
  /** Something in the batch cannot be read by the other side, and never will. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Nothing is known of the replies: the same batch is sent again after a pause. */
  | { readonly kind: "unavailable"; readonly reason: string };

/** Where replies go. One call is one attempt; it never rejects. */
export type Sink = {
  readonly name: string;
  /** Limits of one batch; one reply of at most `maxReplyBytes` always fits. */
  readonly limits: { readonly maxReplies: number; readonly maxBytes: number; readonly maxReplyBytes: number };
  send(batch: Batch): Promise<Attempt>;
};
