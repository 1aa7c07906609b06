import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type GatewayProcess, startGatewayProcess } from "../helpers/gateway.ts";
import { REPLY_SECRET, startConsumerProcess } from "./process.ts";
import { startReplyReceiver } from "./reply-receiver.ts";
import { newRequest, produce, toWire } from "./requests.ts";

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startGatewayProcess();
});
afterAll(() => gateway.remove());

test("two consumers share the work, and one that stops hands its part to the other at once", async () => {
  const start = async (instance: string) => {
    const receiver = await startReplyReceiver({ secret: REPLY_SECRET });
    const consumer = await startConsumerProcess(gateway, receiver, { CONSUMER_INSTANCE: instance });
    onTestFinished(async () => {
      await consumer.stop("SIGKILL");
      await receiver.close();
    });
    return { receiver, consumer };
  };
  const one = await start("one");
  const two = await start("two");
  const send = async (count: number) => {
    const requests = Array.from({ length: count }, () => newRequest());
    await produce(gateway, requests.map(toWire));
    const isDone = () => requests.every(({ correlationId: id }) => one.receiver.stored.has(id) || two.receiver.stored.has(id));
    await Promise.race([one.receiver.until(isDone), two.receiver.until(isDone)]);
  };

  await send(120);
  expect(one.receiver.stored.size).toBeGreaterThan(0);
  expect(two.receiver.stored.size).toBeGreaterThan(0);
  expect(one.receiver.stored.size + two.receiver.stored.size).toBe(120);

  const before = one.receiver.stored.size;
  await two.consumer.stop();
  await send(60);
  expect(one.receiver.stored.size).toBe(before + 60);
});
