import type { EncodedReply, MailboxSinks, Sink } from "../../consumer/sink.ts";
import type { OutgoingReply } from "../../consumer/replies.ts";

export type MemorySinks = MailboxSinks & {
  /** Everything that was delivered, in its order. */
  readonly replies: readonly OutgoingReply[];
  /** The states of what was delivered for a request. */
  statesOf(request: { readonly correlationId: string }): readonly string[];
  lastOf(request: { readonly correlationId: string }): OutgoingReply | undefined;
};

type Encoded = EncodedReply & { readonly reply: OutgoingReply };

/** Sinks for tests of what stands before them: they take every reply at once. */
export const memorySinks = (): MemorySinks => {
  const replies: OutgoingReply[] = [];
  const sink: Sink<Encoded> = {
    name: "memory",
    limits: { maxReplies: 500, maxBytes: 8_000_000, maxReplyBytes: 1_000_000, maxUnanswered: 4 },
    encode: (reply) => ({ id: reply.id, bytes: JSON.stringify(reply).length, reply }),
    async send(batch) {
      replies.push(...batch.replies.map(({ reply }) => reply));
      return { kind: "answered", results: batch.replies.map(({ id }) => ({ id, outcome: "stored" })) };
    },
  };
  const of = ({ correlationId }: { readonly correlationId: string }) => replies.filter((reply) => reply.correlationId === correlationId);
  return {
    replies,
    async open() {},
    of: () => sink as Sink,
    async close() {},
    statesOf: (request) => of(request).map(({ state }) => state),
    lastOf: (request) => of(request).at(-1),
  };
};
