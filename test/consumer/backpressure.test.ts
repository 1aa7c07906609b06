import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { workerSink } from "../../consumer/sinks/worker.ts";
import type { Source } from "../../consumer/source.ts";
import { startConsumer } from "../../consumer/start-consumer.ts";
import { defineContract } from "../../contract/contract.ts";
import { operation } from "../../contract/operation.ts";
import { createRecordedLog } from "./log.ts";
import { REPLY_HMAC, REPLY_SECRET } from "./process.ts";
import { answer, startReplyReceiver } from "./reply-receiver.ts";
import { newRequest, toWire } from "./requests.ts";

const REPLY_BYTES = 20_000;
const CONCURRENCY = 4;
const MAX_WAITING_BYTES = 1_000_000;

const inflate = operation({ request: z.null(), reply: z.string() });

/** One partition that is in memory: what is looked at here stands between it and the Worker. */
const sourceOf = (requests: readonly ReturnType<typeof newRequest>[]): Source => ({
  name: "memory",
  async open() {},
  async *records() {
    for (const [offset, request] of requests.entries())
      yield { partition: 0, offset, timestamp: 0, headers: [], ...toWire(request), key: request.correlationId };
  },
  commit: async (positions) => ({ committed: positions, lost: [] }),
  async produce() {},
  async close() {},
});

test("no handler starts while the replies that cannot be delivered hold too much memory, and later each has its turn", async () => {
  const receiver = await startReplyReceiver({ secret: REPLY_SECRET });
  receiver.misbehave((_, response) => {
    answer(response, 503, {});
    return true;
  });
  const requests = Array.from({ length: 400 }, () => newRequest({ operation: "inflate", data: null }));
  let started = 0;
  const consumer = startConsumer({
    contract: defineContract({ inflate }),
    handlers: {
      inflate() {
        started += 1;
        return "x".repeat(REPLY_BYTES);
      },
    },
    source: sourceOf(requests),
    sink: workerSink({ url: receiver.url, hmac: REPLY_HMAC }),
    log: createRecordedLog(),
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

  receiver.misbehave(undefined);
  await receiver.until(() => receiver.stored.size === requests.length);
  expect(started).toBe(requests.length);
});
