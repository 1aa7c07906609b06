import { expect, test } from "vitest";
import { createReplies, type OutgoingReply } from "../../consumer/replies.ts";
import type { ReturnAddress } from "../../consumer/return-address.ts";
import type { Attempt, Sink } from "../../consumer/sink.ts";
import type { Reply } from "../../protocol/reply-event.ts";
import { newCorrelationId } from "./requests.ts";

/** What the contract needs of the real thing behind a sink. */
export type SinkStage = {
  readonly sink: Sink;
  /** Where replies go, if the sink needs to be told. */
  readonly returnTo?: (correlationId: string) => ReturnAddress;
  /** Whether it can tell that it has a reply already. */
  readonly findsDuplicates: boolean;
  /** What the other side has of a reply that it was given. */
  kept(reply: Reply): unknown;
  /** What is stored for a correlation ID. */
  stored(correlationId: string): unknown;
  /** Ends the other side. */
  end(): Promise<void>;
};

const replies = createReplies({ source: "/consumer/test" });

/** Encodes replies and sends them as one batch, once. */
export const sendOnce = (sink: Sink, ...given: readonly OutgoingReply[]): Promise<Attempt> =>
  sink.send({ id: `batch of ${given[0]?.id}`, replies: given.flatMap((reply) => sink.encode(reply) ?? []) });

/** A reply to nobody in particular. */
export const newReply = (data: unknown = { sum: 5 }): Reply =>
  replies.succeeded({ correlationId: newCorrelationId(), operation: "sum" }, data, 201);

/** What every sink promises; a driver runs it on the real thing. */
export const describeSink = (start: () => Promise<SinkStage>): void => {
  const addressed = ({ returnTo }: SinkStage, reply: Reply): OutgoingReply =>
    returnTo === undefined ? reply : { ...reply, returnTo: returnTo(reply.correlationId) };
  const send = (stage: SinkStage, ...replies: readonly Reply[]): Promise<Attempt> =>
    sendOnce(stage.sink, ...replies.map((reply) => addressed(stage, reply)));

  test("takes each reply of a batch as it is, and says what became of it", async () => {
    const stage = await start();
    const given = [newReply({ text: "ü\u2028😀" }), newReply([null, 0, ""]), newReply(null)];
    const attempt = await send(stage, ...given);
    expect(attempt).toMatchObject({ kind: "answered", results: given.map(({ id }) => ({ id, outcome: "stored" })) });
    for (const reply of given) expect(await stage.stored(reply.correlationId)).toEqual(stage.kept(reply));
  });

  test("a batch that is sent again changes nothing", async () => {
    const stage = await start();
    const outcome = stage.findsDuplicates ? "duplicate" : "stored";
    const reply = newReply();
    await send(stage, reply);
    expect(await send(stage, reply)).toMatchObject({ kind: "answered", results: [{ outcome }] });
    const second = { ...reply, id: "second", data: { sum: 6 } };
    expect(await send(stage, second)).toMatchObject({ results: [{ outcome }] });
    expect(await stage.stored(reply.correlationId)).toEqual(stage.kept(reply));
  });

  test("takes as much as its limits say", async () => {
    const stage = await start();
    const { sink } = stage;
    const overhead = sink.encode(addressed(stage, newReply("")))?.bytes ?? 0;
    const largest = newReply("x".repeat(sink.limits.maxReplyBytes - overhead));
    expect(sink.encode(addressed(stage, largest))?.bytes).toBe(sink.limits.maxReplyBytes);
    const others = Array.from({ length: sink.limits.maxReplies - 1 }, () => newReply());
    expect(await send(stage, largest, ...others)).toMatchObject({ kind: "answered" });
    expect(await stage.stored(largest.correlationId)).toEqual(stage.kept(largest));
  });

  test("does not reject when nobody is there, and says that it is so", async () => {
    const stage = await start();
    await stage.end();
    expect(await send(stage, newReply())).toEqual({
      kind: "unavailable",
      reason: expect.stringContaining("ECONNREFUSED"),
    });
  });
};
