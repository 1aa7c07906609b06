import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { startConsumer } from "../../consumer/start-consumer.ts";
import { defineContract } from "../../contract/contract.ts";
import { operation } from "../../contract/operation.ts";
import { createRecordedLog } from "./log.ts";
import { memorySource, toRecord } from "./memory-source.ts";
import { REPLY_SECRET, sinksTo } from "./process.ts";
import { startReplyReceiver } from "./reply-receiver.ts";
import { newRequest } from "./requests.ts";

const REPLY_BYTES = 20_000;
const CONCURRENCY = 4;
const MAX_WAITING_BYTES = 1_000_000;

const inflate = operation({ request: z.null(), reply: z.string() });

test("no handler starts while the replies that cannot be delivered hold too much memory, and later each has its turn", async () => {
  const receiver = await startReplyReceiver({ secret: REPLY_SECRET });
  receiver.fail("refusing");
  const requests = Array.from({ length: 400 }, () => newRequest({ operation: "inflate", data: null }));
  let started = 0;
  const log = createRecordedLog();
  const consumer = startConsumer({
    contract: defineContract({ inflate }),
    handlers: {
      inflate() {
        started += 1;
        return "x".repeat(REPLY_BYTES);
      },
    },
    source: memorySource(requests.map(toRecord)),
    sinks: sinksTo(receiver, log),
    log,
    concurrency: CONCURRENCY,
    maxWaitingBytes: MAX_WAITING_BYTES,
    replySource: "/consumer/test",
  });
  onTestFinished(async () => {
    await consumer.drain(0);
    await receiver.close();
  });

  await receiver.until(() => receiver.batches.length === 3);
  expect(started).toBeGreaterThan(CONCURRENCY);
  expect(started).toBeLessThanOrEqual(MAX_WAITING_BYTES / REPLY_BYTES + CONCURRENCY);

  receiver.fail(undefined);
  await receiver.until(() => receiver.stored.size === requests.length);
  expect(started).toBe(requests.length);
});
