import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunningProcess } from "../helpers/processes.ts";
import { ownName } from "../kafka/broker/topics.ts";
import type { LineProcess } from "./line-process.ts";
import { startNest } from "./nest/app.ts";
import { startSpring } from "./spring/app.ts";
import { type InteropStack, startInteropStack } from "./stack.ts";
import { springSuite } from "./suite.ts";

const request = { a: 2, b: 3 };

await springSuite("a requester of somebody else", ({ brokers }) => {
  const sums = ownName("sums");
  const reports = ownName("reports");
  const replies = ownName("replies");
  const nestReplies = [sums, reports].map((topic) => `${topic}.reply`);
  let stack: InteropStack;
  let consumer: RunningProcess;
  let spring: LineProcess;
  let nest: LineProcess;

  beforeAll(async () => {
    stack = await startInteropStack({ brokers, topics: [sums, reports, replies, ...nestReplies] });
    consumer = await stack.startConsumer({
      SOURCE: "kafka",
      SPRING_REQUEST_TOPICS: `${sums}=sum,${reports}=report`,
      REPLY_TOPICS: [replies, ...nestReplies].join(","),
    });
    spring = await startSpring("requester", brokers, { replies });
    nest = await startNest("requester", { brokers, topics: [sums, reports] });
  });

  afterAll(async () => {
    await Promise.all([spring?.stop(), nest?.stop()]);
    await consumer?.stop();
    await stack?.remove();
  });

  test.each([
    ["a correlation ID in bytes", true, null],
    ["a correlation ID as text", false, null],
    ["a correlation ID in bytes and a partition for the reply", true, 2],
    ["a correlation ID as text and a partition for the reply", false, 1],
  ])("a ReplyingKafkaTemplate with %s gets the reply of a handler", async (_, binaryCorrelation, replyPartition) => {
    const answer = await spring.ask({ topic: sums, request, binaryCorrelation, replyPartition });
    expect(answer).toMatchObject({ value: { sum: 5 }, key: "the key", ...(replyPartition === null ? {} : { partition: replyPartition }) });
  });

  test("a ReplyingKafkaTemplate learns why a request failed", async () => {
    const answer = (await spring.ask({ topic: reports, request, binaryCorrelation: true, replyPartition: null })) as { message: string };
    expect(answer).toMatchObject({ error: "IllegalStateException" });
    expect(JSON.parse(answer.message)).toMatchObject({ status: 422, code: "INVALID_REQUEST" });
  });

  test("a client of Nest gets the reply of a handler", async () => {
    expect(await nest.ask({ topic: sums, request })).toEqual({ value: { sum: 5 } });
  });

  test("a client of Nest learns why a request failed", async () => {
    expect(await nest.ask({ topic: reports, request })).toMatchObject({ error: { status: 422, code: "INVALID_REQUEST" } });
  });

  test("callers of the Worker are answered by the same consumer", async () => {
    expect(await stack.request("sum", request)).toMatchObject({ status: 200, body: { sum: 5 } });
  });
});
