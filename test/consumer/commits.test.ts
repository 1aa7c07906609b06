import { expect, test } from "vitest";
import type { TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { createCommits } from "../../consumer/commits.ts";
import { createOffsets } from "../../consumer/offsets.ts";
import type { CommitResult } from "../../consumer/source.ts";
import { createRecordedLog } from "./log.ts";
import { createManualTime } from "../helpers/manual-time.ts";

const at = (offset: number, partition = 0): TopicPartitionOffset => ({ topic: "requests", partition, offset });

/** Commits against a source whose answers the test gives. */
const setUp = () => {
  const time = createManualTime(Date.now());
  const offsets = createOffsets();
  const calls: { readonly positions: readonly TopicPartitionOffset[]; readonly answer: (result: CommitResult) => void }[] = [];
  const commit = (positions: readonly TopicPartitionOffset[]) =>
    new Promise<CommitResult>((answer) => {
      calls.push({ positions, answer });
    });
  const commits = createCommits({ source: { commit }, offsets, log: createRecordedLog(), time });
  const done = (position: TopicPartitionOffset): void => {
    offsets.take(position);
    offsets.finish(position);
    commits.schedule();
  };
  return { time, offsets, calls, commits, done };
};

test("what is finished within a moment is committed together", async () => {
  const { time, calls, done } = setUp();
  for (const position of [at(0), at(1), at(7, 1)]) done(position);
  expect(calls).toHaveLength(0);
  await time.elapse(200);
  expect(calls.map(({ positions }) => positions)).toEqual([[at(2), at(8, 1)]]);
});

test("no commit overtakes another: what is finished meanwhile follows after it", async () => {
  const { time, calls, done } = setUp();
  done(at(0));
  await time.elapse(200);
  done(at(1));
  await time.elapse(1_000);
  expect(calls).toHaveLength(1);
  calls[0]?.answer({ committed: [at(1)], lost: [] });
  await time.elapse(200);
  expect(calls.map(({ positions }) => positions)).toEqual([[at(1)], [at(2)]]);
});

test("a commit that failed is made again, and nothing is committed when there is nothing", async () => {
  const { time, calls, done } = setUp();
  done(at(0));
  await time.elapse(200);
  calls[0]?.answer({ committed: [], lost: [] });
  await time.elapse(200);
  expect(calls.map(({ positions }) => positions)).toEqual([[at(1)], [at(1)]]);
  calls[1]?.answer({ committed: [at(1)], lost: [] });
  await time.elapse(10_000);
  expect(calls).toHaveLength(2);
});

test("a partition that belongs to another instance is forgotten, and the others go on", async () => {
  const { time, calls, done, offsets } = setUp();
  done(at(0));
  done(at(0, 1));
  await time.elapse(200);
  calls[0]?.answer({ committed: [at(1)], lost: [{ topic: "requests", partition: 1 }] });
  await time.elapse(10_000);
  expect(calls).toHaveLength(1);
  expect(offsets.take(at(0))).toBe(false);
  expect(offsets.take(at(0, 1))).toBe(true);
});

test("flushing waits for the commit under way, and then commits the rest at once", async () => {
  const { time, calls, commits, done } = setUp();
  done(at(0));
  await time.elapse(200);
  done(at(1));
  const flushed = commits.flush();
  calls[0]?.answer({ committed: [at(1)], lost: [] });
  await time.elapse(0);
  calls[1]?.answer({ committed: [at(2)], lost: [] });
  await flushed;
  expect(calls.map(({ positions }) => positions)).toEqual([[at(1)], [at(2)]]);
  expect(time.timers()).toBe(0);
});
