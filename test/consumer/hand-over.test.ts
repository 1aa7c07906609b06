import { expect, onTestFinished, test } from "vitest";
import { startConsumer } from "../../consumer/start-consumer.ts";
import { defineContract } from "../../contract/contract.ts";
import { contract } from "../project/app/contract.ts";
import { createRecordedLog } from "./log.ts";
import { memorySource, toRecord } from "./memory-source.ts";
import { REPLY_SECRET, sinksTo } from "./process.ts";
import { startReplyReceiver } from "./reply-receiver.ts";
import { newRequest } from "./requests.ts";

/** Six requests in two partitions by turns, all of one key in each, so that only the first of each has begun. */
const setUp = async () => {
  const receiver = await startReplyReceiver({ secret: REPLY_SECRET });
  const requests = Array.from({ length: 6 }, (_, index) => newRequest({ data: { a: index, b: 0 } }));
  const begun: number[] = [];
  const release = Promise.withResolvers<void>();
  const source = memorySource(requests.map((request, index) => ({ ...toRecord(request), key: `k${index % 2}`, partition: index % 2 })));
  const log = createRecordedLog();
  const consumer = startConsumer({
    contract: defineContract({ sum: contract.sum }),
    handlers: {
      async sum({ a }: { a: number }) {
        begun.push(a);
        await release.promise;
        return { sum: a };
      },
    },
    source,
    sinks: sinksTo(receiver, log),
    log,
    concurrency: 8,
    replySource: "/consumer/test",
  });
  onTestFinished(async () => {
    await consumer.drain(0);
    await receiver.close();
  });
  await expect.poll(() => begun).toEqual([0, 1]);
  return { receiver, commits: source.commits, begun, release: release.resolve, revoke: await source.onRevoked };
};

const partition = { topic: "requests", partition: 0 };

test("what was taken of a partition that goes is finished and committed before it is gone", async () => {
  const { commits, begun, release, revoke } = await setUp();
  const revoked = revoke([partition], new AbortController().signal);
  release();
  await revoked;
  expect(begun.filter((index) => index % 2 === 0)).toEqual([0, 2, 4]);
  expect(commits.findLast((position) => position.partition === 0)).toMatchObject({ offset: 5 });
});

test("what has not begun when the time is over is left to the next member, and what has begun is not committed", async () => {
  const { receiver, commits, begun, release, revoke } = await setUp();
  const over = new AbortController();
  const revoked = revoke([partition], over.signal);
  over.abort();
  await revoked;
  release();
  await receiver.until(() => receiver.stored.size === 4);
  expect(begun.toSorted()).toEqual([0, 1, 3, 5]);
  await expect.poll(() => commits.at(-1)).toMatchObject({ partition: 1, offset: 6 });
  expect(commits.map((position) => position.partition)).not.toContain(0);
});

test("a partition that is gone already is not waited for", async () => {
  const { receiver, commits, begun, release, revoke } = await setUp();
  await revoke([partition], AbortSignal.abort());
  release();
  await receiver.until(() => receiver.stored.size === 4);
  expect(begun).not.toContain(2);
  await expect.poll(() => commits.at(-1)).toMatchObject({ partition: 1, offset: 6 });
  expect(commits.map((position) => position.partition)).not.toContain(0);
});
