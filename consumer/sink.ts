import type { Outcome } from "../protocol/reply-event.ts";
import type { OutgoingReply } from "./replies.ts";

/** A reply in the form in which its sink sends it. Only the sink knows what else is in it. */
export type EncodedReply = {
  /** The reply's own. */
  readonly id: string;
  /** What it adds to a batch. */
  readonly bytes: number;
};

/** Replies that travel together. The id stays the same, however often the batch is sent. */
export type Batch<Encoded extends EncodedReply = EncodedReply> = { readonly id: string; readonly replies: readonly Encoded[] };

/** What became of one reply: what the Worker says, and what else can happen at a broker. */
export type ReplyResult = {
  /** The reply's own. */
  readonly id: string;
  /** `too-large`: another reply in its place may pass. `undeliverable`: nothing can be sent to where it goes. */
  readonly outcome: Outcome | "too-large" | "undeliverable";
};

/** What became of one attempt to send a batch. */
export type Attempt =
  /** Results in any order. A reply without a result is sent again. */
  | { readonly kind: "answered"; readonly results: readonly ReplyResult[] }
  /** The batch is too large as a whole. Its halves may pass. */
  | { readonly kind: "too-large" }
  /** The other side can never read something in the batch. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The replies may have arrived or not: the same batch is sent again after a pause. */
  | { readonly kind: "unavailable"; readonly reason: string };

export type SinkLimits = {
  readonly maxReplies: number;
  /** Bytes of one batch, and of all unanswered batches together. */
  readonly maxBytes: number;
  /** A single reply of this size always fits into a batch. */
  readonly maxReplyBytes: number;
  /** Batches that may be unanswered at once. It can change, so it is read before each batch. */
  readonly maxUnanswered: number;
};

/** Where replies of one kind go: it knows how they are encoded, and how they are sent. */
export type Sink<Encoded extends EncodedReply = EncodedReply> = {
  readonly name: string;
  readonly limits: SinkLimits;
  /**
   * Encodes a reply, once. Undefined if such a reply is not for those whom this sink delivers to: nothing is sent.
   * @throws TypeError if its data has no JSON, such as a bigint or a cycle.
   */
  encode(reply: OutgoingReply): Encoded | undefined;
  /** Sends a batch: one attempt. It never rejects. */
  send(batch: Batch<Encoded>): Promise<Attempt>;
};

/** The sinks of the Worker's mailbox, by shard. */
export type MailboxSinks = {
  /**
   * Tells the mailbox that the consumer is there, where that matters. Resolves once all shards have told their time and what is to be cancelled, or
   * do not in time: call it before the first request is handled.
   */
  open(): Promise<void>;
  /** The sink of a shard, always the same one. It opens when it is asked for the first time. */
  of(shard: number): Sink;
  /** Closes all of them, and resolves once the other side knows. */
  close(): Promise<void>;
};
