import { expect, onTestFinished, test } from "vitest";
import { createDelivery } from "../../consumer/delivery.ts";
import { createInFlightLimiter } from "../../consumer/in-flight-limiter.ts";
import { createReplies, type OutgoingReply } from "../../consumer/replies.ts";
import type { Attempt, Batch, EncodedReply, Sink } from "../../consumer/sink.ts";
import { createManualTime } from "../helpers/manual-time.ts";
import { createRecordedLog } from "./log.ts";
import { newCorrelationId } from "./requests.ts";

const replies = createReplies({ source: "/consumer/test" });
const to = () => ({ correlationId: newCorrelationId(), operation: "sum" });
const newReply = (data: unknown = 5) => replies.succeeded(to(), data);

const stored = ({ replies: given }: Batch): Attempt => ({
  kind: "answered",
  results: given.map(({ id }) => ({ id, outcome: "stored" })),
});
const AWAY: Attempt = { kind: "unavailable", reason: "away" };

/** A delivery to a sink that takes several batches at once, and answers each when the test says so. */
const setUp = (limits: Partial<Sink["limits"]> = {}) => {
  const time = createManualTime();
  const log = createRecordedLog();
  const sent: { readonly batch: Batch; readonly ids: readonly string[]; answer(attempt?: Attempt): void }[] = [];
  const sink: Sink = {
    name: "test",
    limits: { maxReplies: 500, maxBytes: 1_000, maxReplyBytes: 1_000, maxUnanswered: 4, ...limits },
    encode: (reply): EncodedReply => ({ id: reply.id, bytes: typeof reply.data === "number" ? reply.data : 1 }),
    send: (batch) =>
      new Promise((resolve) => {
        sent.push({ batch, ids: batch.replies.map(({ id }) => id), answer: (attempt = stored(batch)) => resolve(attempt) });
      }),
  };
  const limiter = createInFlightLimiter({ maxRecords: Number.POSITIVE_INFINITY, maxBytes: 1_000_000 });
  const delivery = createDelivery({ sink, replies, log, limiter, time, random: () => 0 });
  onTestFinished(() => delivery.close());
  return {
    time,
    log,
    sent,
    /** Hands over replies in one turn, and goes on when those that may leave have left. */
    async deliver(...given: readonly OutgoingReply[]): Promise<void> {
      for (const reply of given) void delivery.deliver(reply);
      await time.elapse(0);
    },
    async answer(index: number, attempt?: Attempt): Promise<void> {
      sent[index]?.answer(attempt);
      await time.elapse(0);
    },
    batches: () => sent.map(({ ids }) => ids),
  };
};

test("as many batches as the sink allows are unanswered at once, and what comes meanwhile leaves with the next", async () => {
  const { deliver, answer, batches } = setUp();
  const given = Array.from({ length: 7 }, () => newReply());
  for (const reply of given) await deliver(reply);
  expect(batches()).toEqual(given.slice(0, 4).map(({ id }) => [id]));
  await answer(2);
  expect(batches()[4]).toEqual(given.slice(4).map(({ id }) => id));
});

test("all unanswered batches together hold no more bytes than one may", async () => {
  const { deliver, answer, batches } = setUp();
  const given = [400, 400, 400, 400].map(newReply);
  for (const reply of given) await deliver(reply);
  expect(batches()).toHaveLength(2);
  await answer(0);
  expect(batches()).toHaveLength(3);
});

test("a reply waits while an earlier one of its correlation ID is unanswered, and others pass it by", async () => {
  const { deliver, answer, batches } = setUp();
  const addressee = to();
  const [news, reply, other] = [replies.processing(addressee), replies.succeeded(addressee, 5), newReply()];
  await deliver(news);
  await deliver(reply, other);
  expect(batches()).toEqual([[news.id], [other.id]]);
  await answer(0);
  expect(batches()[2]).toEqual([reply.id]);
});

test("a reply stays behind the earlier one of its correlation ID when that is sent again", async () => {
  const { deliver, answer, batches, time } = setUp();
  const addressee = to();
  const [news, reply] = [replies.processing(addressee), replies.succeeded(addressee, 5)];
  await deliver(news);
  await deliver(reply);
  await answer(0, { kind: "answered", results: [{ id: news.id, outcome: "retry" }] });
  await time.elapse(100);
  expect(batches().flat()).toEqual([news.id, news.id, reply.id]);
});

test("batches that fail together are followed by one pause and one line, and are sent again one at a time, as the same messages", async () => {
  const { deliver, answer, batches, sent, time, log } = setUp();
  const given = [newReply(), newReply(), newReply()];
  for (const reply of given) await deliver(reply);
  for (const index of [0, 1, 2]) await answer(index, AWAY);
  await deliver(newReply());
  expect(batches()).toHaveLength(3);
  await time.elapse(100);
  expect(batches().slice(3)).toEqual([[given[0]?.id]]);
  await answer(3);
  await answer(4);
  expect(batches().slice(4)).toEqual([[given[1]?.id], [given[2]?.id]]);
  expect(sent.slice(3).map(({ batch }) => batch.id)).toEqual(sent.slice(0, 3).map(({ batch }) => batch.id));
  await answer(5);
  expect(batches()).toHaveLength(7);
  expect(log.lines.map(({ level, msg }) => [level, msg])).toEqual([
    ["warn", "replies are waiting: test did not take them"],
    ["info", "replies are delivered again"],
  ]);
});

test("a reply that the other side cannot take is found though others travel beside it", async () => {
  const { deliver, sent, time } = setUp({ maxReplies: 2 });
  const given = Array.from({ length: 12 }, () => newReply());
  const cursed = given[5]?.id ?? "";
  await deliver(...given);
  for (let index = 0; index < sent.length; index++) {
    const { ids } = sent[index] as (typeof sent)[number];
    const together = sent.slice(index).length;
    // As a link does that is closed: it cannot say which of several batches it was closed for.
    const attempt: Attempt | undefined = !ids.includes(cursed) ? undefined : together > 1 ? AWAY : { kind: "too-large" };
    sent[index]?.answer(attempt);
    await time.elapse(10_000);
  }
  const delivered = new Set(sent.flatMap(({ ids }) => ids));
  for (const { id } of given) expect(delivered).toContain(id);
  expect(delivered.size).toBe(given.length + 1);
});
