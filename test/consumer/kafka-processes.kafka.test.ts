import { expect, onTestFinished, test } from "vitest";
import { type Kafka, startKafka } from "../kafka/broker/start-kafka.ts";
import { readRecords } from "../kafka/broker/round-trip.ts";
import { createTopicAs } from "../kafka/broker/topics.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { type RunningProcess, startProcess } from "../helpers/processes.ts";
import { produceAll, toBytes, toRecords } from "./kafka-consumer.ts";
import { REPLY_SECRET } from "./process.ts";
import { startReplyReceiver } from "./reply-receiver.ts";
import { newRequest } from "./requests.ts";

const environmentOf = ({ brokers }: Pick<Kafka, "brokers">, workerUrl: string) => ({
  SOURCE: "kafka",
  KAFKA_BROKERS: brokers.join(","),
  WORKER_URL: workerUrl,
  REPLY_SECRET,
  EXIT_WITH_PARENT: "1",
});

/** A cluster, whose topics are those of the contract, and a receiver of replies. */
const setUp = async () => {
  const kafka = await startKafka({ nodes: 1 });
  onTestFinished(() => kafka.remove());
  await createTopicAs(kafka.brokers, "requests", 6);
  await createTopicAs(kafka.brokers, "requests-dlt", 1);
  const receiver = await startReplyReceiver({ secret: REPLY_SECRET });
  onTestFinished(() => receiver.close());
  const start = async (instance: string, overrides: Record<string, string> = {}): Promise<RunningProcess> => {
    const environment = { ...environmentOf(kafka, receiver.url), CONSUMER_INSTANCE: instance, ...overrides };
    const consumer = await startProcess("consumer", environment);
    onTestFinished(() => consumer.stop("SIGKILL"));
    return consumer;
  };
  const newRequests = (count: number) =>
    Array.from({ length: count }, (_, index) => newRequest({ data: { a: index, b: 1 }, deadline: Date.now() + 110_000 }));
  return {
    kafka,
    receiver,
    start,
    newRequests,
    send: (requests: ReturnType<typeof newRequests>) => produceAll(kafka.brokers, toRecords("requests", requests)),
    async expectReplies(requests: ReturnType<typeof newRequests>) {
      await receiver.until(() => requests.every(({ correlationId }) => receiver.stored.has(correlationId)));
      for (const { correlationId, data } of requests)
        expect(receiver.stored.get(correlationId)).toMatchObject({ state: "succeeded", data: { sum: (data as { a: number }).a + 1 } });
    },
  };
};

kafkaSuite(
  "consumers on Kafka",
  () => {
    test("while a second consumer joins and leaves again and again, each request has one reply, and none runs twice", async () => {
      const { receiver, start, newRequests, send, expectReplies } = await setUp();
      const requests = newRequests(500);
      await start("steady");
      let sent = 0;
      // Ten at a time, so that there is always something under way.
      const sendUpTo = async (count: number) => {
        for (; sent < count; sent += 10) await send(requests.slice(sent, sent + 10));
      };
      for (const count of [160, 320, 500]) {
        const joining = start("guest");
        await sendUpTo(count - 80);
        const guest = await joining;
        const leaving = guest.stop("SIGTERM");
        await sendUpTo(count);
        await leaving;
        expect(await guest.exited).toEqual({ code: 0, signal: null });
      }
      await expectReplies(requests);
      expect(receiver.arrived.filter(({ state }) => state === "succeeded")).toHaveLength(requests.length);
    });

    test("a consumer that is killed and started again goes on at once, and no request is without its reply", async () => {
      const { receiver, start, newRequests, send, expectReplies } = await setUp();
      const requests = newRequests(500);
      const first = await start("one");
      await start("two");
      await send(requests.slice(0, 250));
      await receiver.until(() => receiver.stored.size >= 20);
      await first.stop("SIGKILL");
      await send(requests.slice(250));
      await start("one");
      await expectReplies(requests);
      expect(receiver.stored.size).toBe(requests.length);
    });

    test("a requester on Kafka and a caller of the Worker are answered by the same consumer", async () => {
      const { kafka, start, newRequests, send, expectReplies } = await setUp();
      for (const topic of ["sum.requests", "sum.requests-dlt", "sum.replies"]) await createTopicAs(kafka.brokers, topic, 1);
      await start("one", { SPRING_REQUEST_TOPICS: "sum.requests=sum", REPLY_TOPICS: "sum.replies" });
      const headers = [
        { key: "kafka_correlationId", value: "asked" },
        { key: "kafka_replyTopic", value: "sum.replies" },
      ];
      await produceAll(kafka.brokers, [toBytes({ topic: "sum.requests", key: "k", value: '{"a":2,"b":3}', headers })]);
      const [reply] = await readRecords(kafka.brokers, "sum.replies", 1);
      expect([String(reply?.key), String(reply?.value)]).toEqual(["k", '{"sum":5}']);
      const requests = newRequests(1);
      await send(requests);
      await expectReplies(requests);
    });

    test("a cluster that goes away is told of once, is waited for, and does not hold up the end", async () => {
      const { kafka, start, newRequests, send, expectReplies } = await setUp();
      const consumer = await start("one", { LOG_LEVEL: "info" });
      const before = newRequests(20);
      await send(before);
      await expectReplies(before);
      const [node] = kafka.nodes;
      await node?.kill();
      await expect.poll(() => consumer.output(), { timeout: 20_000 }).toContain("check KAFKA_BROKERS");
      await node?.restart();
      await kafka.ready();
      const after = newRequests(20);
      await send(after);
      await expectReplies(after);
      await node?.kill();
      await consumer.stop("SIGTERM");
      const told = [...consumer.output().matchAll(/"level":40.*ECONNREFUSED.*check KAFKA_BROKERS/g)];
      // Once for each time that it went away.
      expect(told.length).toBeLessThanOrEqual(2);
      expect(await consumer.exited).toEqual({ code: 0, signal: null });
    });
  },
  { needs: "clusters" },
);

kafkaSuite(
  "a consumer that may not log in",
  ({ saslBrokers }) => {
    test("ends and says what to mend", async () => {
      const login = { KAFKA_SASL_MECHANISM: "PLAIN", KAFKA_USERNAME: "admin", KAFKA_PASSWORD: "wrong" };
      const started = startProcess("consumer", { ...environmentOf({ brokers: saslBrokers }, "http://127.0.0.1:1"), ...login });
      await expect(started).rejects.toThrow("consumer ended with 1");
      await expect(started).rejects.toThrow(/KAFKA_USERNAME and KAFKA_PASSWORD/);
    });
  },
  { needs: "listeners" },
);
