import { expect, test } from "vitest";
import { encodeReply } from "../../consumer/batch.ts";
import { createReplies } from "../../consumer/replies.ts";
import type { Batch, Sink } from "../../consumer/sink.ts";
import type { Reply } from "../../protocol/reply-event.ts";
import { newCorrelationId } from "./requests.ts";

/** What the contract needs of the real thing behind a sink. */
export type SinkStage = {
  readonly sink: Sink;
  /** What is stored for a correlation ID. */
  stored(correlationId: string): Reply | undefined;
  /** Ends the other side. */
  end(): Promise<void>;
};

const replies = createReplies({ source: "/consumer/test" });

/** Replies as a batch. */
export const toBatch = (...given: readonly Reply[]): Batch => ({ id: `batch of ${given[0]?.id}`, replies: given.map(encodeReply) });

/** A reply to nobody in particular. */
export const newReply = (data: unknown = { sum: 5 }): Reply =>
  replies.succeeded({ correlationId: newCorrelationId(), operation: "sum" }, data, 201);

/** What every sink promises; a driver runs it on the real thing. */
export const describeSink = (start: () => Promise<SinkStage>): void => {
  test("takes each reply of a batch as it is, and says what became of it", async () => {
    const { sink, stored } = await start();
    const given = [newReply({ text: "ü\u2028😀" }), newReply([null, 0, ""]), newReply(null)];
    const attempt = await sink.send(toBatch(...given));
    expect(attempt).toEqual({
      kind: "answered",
      results: given.map(({ id, correlationId }) => ({ id, correlationId, outcome: "stored" })),
    });
    for (const reply of given) expect(stored(reply.correlationId)).toEqual(reply);
  });

  test("a batch that is sent again changes nothing", async () => {
    const { sink, stored } = await start();
    const reply = newReply();
    await sink.send(toBatch(reply));
    expect(await sink.send(toBatch(reply))).toMatchObject({ kind: "answered", results: [{ outcome: "duplicate" }] });
    expect(await sink.send(toBatch({ ...reply, id: "second", data: { sum: 6 } }))).toMatchObject({ results: [{ outcome: "duplicate" }] });
    expect(stored(reply.correlationId)).toEqual(reply);
  });

  test("takes as much as its limits say", async () => {
    const { sink, stored } = await start();
    const overhead = encodeReply(newReply("")).bytes;
    const largest = newReply("x".repeat(sink.limits.maxReplyBytes - overhead));
    const batch = toBatch(largest, ...Array.from({ length: sink.limits.maxReplies - 1 }, () => newReply()));
    expect(await sink.send(batch)).toMatchObject({ kind: "answered" });
    expect(stored(largest.correlationId)?.data).toBe(largest.data);
  });

  test("does not reject when nobody is there, and says that it is so", async () => {
    const { sink, end } = await start();
    await end();
    expect(await sink.send(toBatch(newReply()))).toEqual({ kind: "unavailable", reason: "ECONNREFUSED" });
  });
};
