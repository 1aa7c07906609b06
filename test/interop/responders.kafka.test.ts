import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningProcess } from "../helpers/processes.ts";
import { until } from "../helpers/stack.ts";
import { ownName } from "../kafka/broker/topics.ts";
import type { LineProcess } from "./line-process.ts";
import { startNest } from "./nest/app.ts";
import { startSpring } from "./spring/app.ts";
import { type Answer, type InteropStack, startInteropStack } from "./stack.ts";
import { springSuite } from "./suite.ts";

const DEADLINE_SECONDS = 30;

const responded = (name: string, deadlineSeconds = DEADLINE_SECONDS) => {
  const topic = ownName(name);
  return { name, deadlineSeconds, requestTopic: topic, replyTopic: `${topic}.reply` };
};

await springSuite("a responder of somebody else", ({ brokers }) => {
  const spring = {
    sum: responded("spring-sum"),
    silent: responded("spring-silent", 1),
    honest: responded("spring-honest"),
    refusing: responded("spring-refusing"),
  };
  const nest = {
    sum: responded("nest-sum"),
    failing: responded("nest-failing"),
    broken: responded("nest-broken"),
    refusing: responded("nest-refusing"),
  };
  const started: LineProcess[] = [];
  let stack: InteropStack;
  let consumer: RunningProcess;
  let unanswered: Answer;
  let requester: LineProcess;

  beforeAll(async () => {
    stack = await startInteropStack({ brokers, responded: [...Object.values(spring), ...Object.values(nest)] });
    const topicsOf = (operations: Readonly<Record<string, { readonly requestTopic: string }>>) =>
      Object.fromEntries(Object.entries(operations).map(([name, { requestTopic }]) => [name, requestTopic]));
    started.push(await startSpring("responder", brokers, topicsOf(spring)));
    started.push(await startNest("responder", { brokers, topics: topicsOf(nest) }));
    requester = await startSpring("requester", brokers, { replies: spring.sum.replyTopic });
    started.push(requester);
    unanswered = await stack.request("spring-silent", { a: 2, b: 3 }, "respond-async");
  });

  afterAll(async () => {
    await consumer?.stop();
    await Promise.all(started.map((program) => program.stop()));
    await stack?.remove();
  });

  describe.each(["upstash", "kafka"])("with the source %s", (source) => {
    test("answers, also while no relay runs", async () => {
      await consumer?.stop();
      const early = await stack.request("spring-sum", { a: 1, b: 1 }, "respond-async");
      expect(early.status).toBe(202);
      consumer = await stack.startConsumer({ SOURCE: source });
      expect(await stack.untilTerminal(early.location)).toMatchObject({ state: "succeeded", operation: "spring-sum", reply: { sum: 2 } });
    });

    test.each(["spring-sum", "nest-sum", "sum"])("a caller who waits gets the reply of %s", async (operation) => {
      expect(await stack.request(operation, { a: 2, b: 3 })).toMatchObject({ status: 200, body: { sum: 5 } });
    });

    test("many callers at once get each the reply to their own request", async () => {
      const numbers = Array.from({ length: 50 }, (_, index) => index);
      const operationOf = (number: number) => (number % 2 === 0 ? "spring-sum" : "nest-sum");
      const answers = await Promise.all(numbers.map((number) => stack.request(operationOf(number), { a: number, b: 0.5 })));
      expect(answers.map(({ body }) => body)).toEqual(numbers.map((number) => ({ sum: number + 0.5 })));
    });

    test.each([true, false])(
      "a requester in Spring shares the responder and its reply topic (binary correlation: %s)",
      async (binaryCorrelation) => {
        const line = { topic: spring.sum.requestTopic, request: { a: 20, b: 3 }, binaryCorrelation, replyPartition: null };
        const answers = await Promise.all([requester.ask(line), stack.request("spring-sum", { a: 2, b: 3 })]);
        expect(answers).toMatchObject([{ value: { sum: 23 } }, { status: 200, body: { sum: 5 } }]);
        await until(() => consumer.output().includes("ignored a reply to somebody else's request"));
      },
    );

    test.each([
      ["an error that it means for its clients", "nest-failing", 502, "RESPONDER_FAILED", "This responder says that it failed."],
      ["any other error, without its message", "nest-broken", 502, "RESPONDER_FAILED", "Internal server error"],
      ["a problem", "nest-refusing", 409, "SOLD_OUT", undefined],
    ])("a Nest responder tells the caller of %s", async (_, operation, status, code, detail) => {
      const answer = await stack.request(operation, { a: 2, b: 3 });
      expect(answer).toMatchObject({ status, body: { code, ...(detail && { detail }) } });
    });

    test("the problem that a Spring responder's error handler replies reaches the caller", async () => {
      const { status, body } = await stack.request("spring-refusing", { a: -2, b: 3 });
      expect([status, body]).toEqual([422, expect.objectContaining({ code: "NOT_POSITIVE", detail: "Only positive numbers." })]);
    });

    test("the dead letter of a Spring responder says that it failed", async () => {
      const { status, body } = await stack.request("spring-honest", { a: 2, b: 3 });
      expect([status, body]).toEqual([502, expect.objectContaining({ code: "RESPONDER_FAILED" })]);
      expect(JSON.stringify(body)).not.toMatch(/IllegalState|This responder/);
      expect(consumer.output()).toContain("This responder says that it failed.");
    });
  });

  test("a consumer that is killed while replies come loses none", async () => {
    const send = (number: number) => stack.request("spring-sum", { a: number, b: 0.5 }, "respond-async");
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    const sending = Promise.all(numbers.map(send));
    await consumer.stop("SIGKILL");
    const accepted = await sending;
    consumer = await stack.startConsumer({ SOURCE: "kafka" });
    const ended = await Promise.all(accepted.map(({ location }) => stack.untilTerminal(location)));
    expect(ended.map(({ reply }) => reply)).toEqual(numbers.map((number) => ({ sum: number + 0.5 })));
  });

  test("a Spring responder that fails silently is told of as expired", async () => {
    expect(unanswered.status).toBe(202);
    expect(await stack.untilTerminal(unanswered.location)).toMatchObject({ state: "expired", error: { code: "DEADLINE_EXCEEDED" } });
  });
});
