import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { startRelay } from "../../consumer/relay.ts";
import { defineContract, respondedOperationsOf } from "../../contract/contract.ts";
import { operation } from "../../contract/operation.ts";
import type { ConsumerRecord } from "../../protocol/kafka-record.ts";
import { createRecordedLog } from "./log.ts";
import { memorySource } from "./memory-source.ts";
import { REPLY_SECRET, sinksTo } from "./process.ts";
import { startReplyReceiver } from "./reply-receiver.ts";
import { newCorrelationId } from "./requests.ts";

const price = operation({
  request: z.string(),
  // A schema can throw, too: at its own mistakes.
  reply: z.number().refine((value) => {
    if (value === 13) throw new Error("a bug in the schema");
    return true;
  }),
  responder: { headers: "spring", requestTopic: "price.requests", replyTopic: "price.replies" },
});

/** A relay of these replies, when it has read them all. */
const relay = async (replies: readonly Pick<ConsumerRecord, "headers" | "value">[]) => {
  const receiver = await startReplyReceiver({ secret: REPLY_SECRET });
  const log = createRecordedLog();
  const source = memorySource(replies.map((reply) => ({ topic: "price.replies", ...reply })));
  const running = startRelay({
    operations: respondedOperationsOf(defineContract({ price })),
    source,
    sinks: sinksTo(receiver, log),
    log,
    replySource: "/relay/test",
  });
  onTestFinished(() => receiver.close());
  await running.ended;
  return { receiver, log, commits: source.commits, drain: () => running.drain(10_000) };
};

const reply = (correlationId: string, value: string, ...more: ConsumerRecord["headers"]) => ({
  value,
  headers: [{ key: "kafka_correlationId", value: correlationId }, ...more],
});

test("hands on what a responder replied, checked by the operation's schema, and commits it", async () => {
  const [one, two, three, four, five] = Array.from({ length: 5 }, newCorrelationId) as [string, string, string, string, string];
  const { receiver, commits, drain } = await relay([
    reply(one, "12.5"),
    reply(two, '"dear"'),
    reply(three, "{"),
    reply(four, "", { key: "kafka_nest-err", value: "sold out" }),
    reply(five, "13"),
  ]);
  await drain();
  expect(receiver.stored.get(one)).toMatchObject({ operation: "price", state: "succeeded", data: 12.5, source: "/relay/test" });
  expect(receiver.stored.get(two)).toMatchObject({ operation: "price", state: "failed", data: { code: "INVALID_REPLY" } });
  expect(receiver.stored.get(three)).toMatchObject({
    state: "failed",
    data: { code: "INVALID_REPLY", detail: "Expected the responder's reply to be JSON." },
  });
  expect(receiver.stored.get(four)).toMatchObject({ state: "failed", data: { code: "RESPONDER_FAILED", detail: "sold out" } });
  expect(receiver.stored.get(five)).toMatchObject({ state: "failed", data: { code: "INVALID_REPLY" } });
  expect(commits.at(-1)).toEqual({ topic: "price.replies", partition: 0, offset: 5 });
});

test("passes over replies to others, and goes on", async () => {
  const ours = newCorrelationId();
  const { receiver, log, commits, drain } = await relay([
    reply("6debcbe3-108a-47e8-a52c-79cd0df5dc14", "1"),
    { value: Uint8Array.of(0xff), headers: [{ key: "kafka_correlationId", value: Uint8Array.of(0xff) }] },
    { value: null, headers: [] },
    reply(ours, "2"),
  ]);
  await drain();
  expect([...receiver.stored.keys()]).toEqual([ours]);
  expect(log.lines.filter(({ passedOver }) => passedOver !== undefined).map(({ level, passedOver }) => [level, passedOver])).toEqual([
    ["debug", 1],
    ["debug", 2],
    ["debug", 3],
  ]);
  expect(commits.at(-1)).toMatchObject({ offset: 4 });
});
