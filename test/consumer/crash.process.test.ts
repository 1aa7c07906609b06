import { describe, expect, test, type TestContext } from "vitest";
import { startGatewayProcess } from "../helpers/gateway.ts";
import type { RunningProcess } from "../helpers/processes.ts";
import { startLossyProxy } from "./lossy-proxy.ts";
import { REPLY_SECRET, startConsumerProcess } from "./process.ts";
import { startReplyReceiver } from "./reply-receiver.ts";
import { newRequest, produce, toWire } from "./requests.ts";

/** Everything around a consumer, for one test alone. */
const startAll = async (handshakeStatus: number, { onTestFinished }: Pick<TestContext, "onTestFinished">) => {
  const gateway = await startGatewayProcess();
  const proxy = await startLossyProxy(gateway.url);
  const receiver = await startReplyReceiver({ secret: REPLY_SECRET, handshakeStatus });
  const consumers: RunningProcess[] = [];
  onTestFinished(async () => {
    await Promise.all(consumers.map((consumer) => consumer.stop("SIGKILL")));
    await receiver.close();
    await proxy.close();
    await gateway.remove();
  });
  return {
    gateway,
    proxy,
    receiver,
    async startConsumer(overrides: Record<string, string> = {}) {
      const consumer = await startConsumerProcess({ ...gateway, url: proxy.url }, receiver, overrides);
      consumers.push(consumer);
      return consumer;
    },
    send: (requests: ReturnType<typeof newRequests>) => produce(gateway, requests.map(toWire)),
    async expectReplies(requests: ReturnType<typeof newRequests>) {
      await receiver.until(() => requests.every(({ correlationId }) => receiver.stored.has(correlationId)));
      for (const [index, { correlationId }] of requests.entries())
        expect(receiver.stored.get(correlationId)).toMatchObject({ state: "succeeded", data: { sum: index + 1 } });
    },
  };
};

const newRequests = (count: number) => Array.from({ length: count }, (_, index) => newRequest({ data: { a: index, b: 1 } }));

const WAYS = [
  ["links", 101],
  ["POST /replies, where links are refused", 404],
] as const;

// At once: each waits for its own processes most of the time.
describe.concurrent.each(WAYS)("over %s, when something dies or is away", { timeout: 60_000, retry: 0 }, (_, handshakeStatus) => {
  const setUp = (context: Pick<TestContext, "onTestFinished">) => startAll(handshakeStatus, context);

  test("a consumer that is killed between delivery and commit repeats the work, and every request has its reply", async (context) => {
    const { receiver, startConsumer, send, expectReplies } = await setUp(context);
    const requests = newRequests(200);
    const consumer = await startConsumer();
    // The first batch arrives and is never acknowledged, so the rest is in the consumer's memory when it dies.
    receiver.fail("silent");
    await send(requests);
    await receiver.until(() => receiver.batches.length === 1);
    await consumer.stop("SIGKILL");
    receiver.fail(undefined);
    await startConsumer();
    await expectReplies(requests);
  });

  test("a gateway that is killed while requests are in flight loses none of them", async (context) => {
    const { gateway, receiver, startConsumer, send, expectReplies } = await setUp(context);
    const requests = newRequests(200);
    await startConsumer();
    await send(requests.slice(0, 100));
    await receiver.until(() => receiver.batches.length > 0);
    await gateway.restart("SIGKILL");
    await send(requests.slice(100));
    await expectReplies(requests);
  });

  test("answers of the gateway that are dropped on their way lose no request", async (context) => {
    const { proxy, startConsumer, send, expectReplies } = await setUp(context);
    const requests = newRequests(200);
    await startConsumer();
    proxy.lose("dropped", "emptied", "arrives", "dropped");
    for (let from = 0; from < 200; from += 50) await send(requests.slice(from, from + 50));
    await expectReplies(requests);
    expect(proxy.lost).toBeGreaterThanOrEqual(50);
  });

  test("while the Worker is away consuming pauses, and afterwards every request has its reply", async (context) => {
    const { proxy, receiver, startConsumer, send, expectReplies } = await setUp(context);
    const requests = newRequests(2_400);
    receiver.fail("refusing");
    await startConsumer({ CONSUMER_CONCURRENCY: "8" });
    for (let from = 0; from < requests.length; from += 400) await send(requests.slice(from, from + 400));
    // Four attempts take longer than reading on would, if the consumer did read on.
    await receiver.until(() => receiver.batches.length >= 4);
    expect(receiver.stored.size).toBe(0);
    expect(proxy.passed).toBeLessThanOrEqual(1_500);
    receiver.fail(undefined);
    await expectReplies(requests);
    expect(proxy.passed).toBeGreaterThanOrEqual(requests.length);
  });

  test("a Worker that is away when the consumer stops is not waited for, and the next consumer delivers", async (context) => {
    const { receiver, startConsumer, send, expectReplies } = await setUp(context);
    const requests = newRequests(20);
    receiver.fail("refusing");
    const consumer = await startConsumer({ CONSUMER_DRAIN_TIMEOUT_MS: "50" });
    await send(requests);
    await receiver.until(() => receiver.batches.length > 0);
    await consumer.stop("SIGTERM");
    expect(await consumer.exited).toEqual({ code: 0, signal: null });
    expect(consumer.output()).toContain("will be done again");
    receiver.fail(undefined);
    await startConsumer();
    await expectReplies(requests);
  });

  test("SIGTERM lets a handler that runs finish and deliver, and what another one would take too long is done again", async (context) => {
    const { receiver, startConsumer, send } = await setUp(context);
    const line = { date: "2026-01-15", product: "bolt", quantity: 1, unitPrice: 1 };
    const report = (account: string, lines: number) =>
      newRequest({ operation: "report", orderingKey: account, data: { account, lines: Array.from({ length: lines }, () => line) } });
    const [short, long] = [report("short", 1), report("long", 700)];
    const consumer = await startConsumer({ CONSUMER_DRAIN_TIMEOUT_MS: "2000" });
    await send([short, long]);
    await receiver.until(() => receiver.arrived.filter(({ state }) => state === "processing").length === 2);
    await consumer.stop("SIGTERM");
    expect([...receiver.stored.keys()]).toEqual([short.correlationId]);
    await startConsumer();
    await receiver.until(() => receiver.stored.has(long.correlationId));
    expect(receiver.stored.get(long.correlationId)).toMatchObject({ state: "succeeded", data: { total: 700 } });
    expect(
      receiver.arrived.filter(({ correlationId, state }) => correlationId === short.correlationId && state === "succeeded"),
    ).toHaveLength(1);
  });
});
