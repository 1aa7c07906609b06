import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { startConsumer } from "../../consumer/start-consumer.ts";
import { defineContract } from "../../contract/contract.ts";
import { contract } from "../project/app/contract.ts";
import { createRecordedLog } from "./log.ts";
import { memorySource, toRecord } from "./memory-source.ts";
import { REPLY_SECRET, sinksTo } from "./process.ts";
import { startReplyReceiver } from "./reply-receiver.ts";
import { newRequest } from "./requests.ts";

/** A consumer with one request, whose handler ends when it is released, and whose link is open. */
const setUp = async () => {
  const receiver = await startReplyReceiver({ secret: REPLY_SECRET });
  const release = Promise.withResolvers<void>();
  const log = createRecordedLog();
  const source = memorySource([toRecord(newRequest())]);
  const consumer = startConsumer({
    contract: defineContract({ sum: contract.sum }),
    handlers: {
      async sum({ a, b }: { a: number; b: number }) {
        await release.promise;
        return { sum: a + b };
      },
    },
    source,
    sinks: sinksTo(receiver, log),
    log,
    concurrency: 1,
    replySource: "/consumer/test",
  });
  onTestFinished(async () => {
    release.resolve();
    await receiver.close();
  });
  await receiver.until(() => receiver.links.length === 1);
  const closed = once(receiver.links[0]?.socket ?? expect.fail("Expected a link"), "close");
  return { receiver, consumer, source, release: release.resolve, closeCode: async () => (await closed)[0] as unknown };
};

test("a consumer that drains delivers what it has begun, commits it and says goodbye on its link", async () => {
  const { receiver, consumer, source, release, closeCode } = await setUp();
  const drained = consumer.drain(60_000);
  release();
  await drained;
  expect(receiver.stored.size).toBe(1);
  expect(source.commits).toMatchObject([{ offset: 1 }]);
  expect(await closeCode()).toBe(1001);
});

test("a mailbox that does not answer keeps a consumer from draining no longer than the time for it", async () => {
  const { receiver, consumer, source, release, closeCode } = await setUp();
  receiver.fail("silent");
  release();
  await receiver.until(() => receiver.batches.length === 1);
  await consumer.drain(0);
  expect(source.commits).toEqual([]);
  expect(await closeCode()).toBe(1001);
});
