import { expect, test } from "vitest";
import { replyTopicSink } from "../../consumer/sinks/reply-topic.ts";
import { KafkaError } from "../../kafka/kafka-error.ts";
import { createRecordedLog } from "./log.ts";
import { newReply, sendOnce } from "./sink-contract.ts";

/** Sends two replies through a producer that fails as a whole. */
const sendTwo = (failure: Error) => {
  const sink = replyTopicSink({ producer: { produce: () => Promise.reject(failure) }, log: createRecordedLog() });
  const returnTo = { topic: "replies", partition: 0, correlation: Buffer.from("one"), key: null };
  return sendOnce(sink, { ...newReply(), returnTo }, { ...newReply(), returnTo });
};

test.each([
  ["a fault of the producer", new TypeError("x is not a function"), "Something unexpected happened with Kafka: x is not a function."],
  ["an error without outcomes", new KafkaError("unavailable"), "Kafka is not available."],
])("keeps its replies for another attempt after %s, and says why", async (_, failure, reason) => {
  expect(await sendTwo(failure)).toEqual({ kind: "unavailable", reason });
});

test("gives up replies that Kafka refuses for good", async () => {
  const results = [{ outcome: "undeliverable" }, { outcome: "undeliverable" }];
  expect(await sendTwo(new KafkaError("rejected"))).toMatchObject({ kind: "answered", results });
});
