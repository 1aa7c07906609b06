import { expect, test } from "vitest";
import { UnavailableError } from "../../../consumer/aggregates/command.ts";
import type { PartitionTask } from "../../../consumer/aggregates/partition-task.ts";
import { AppendError } from "../../../consumer/events/event-log.ts";
import { partitionOfKey } from "../../../protocol/partitioner.ts";
import { createMemoryEventLog } from "./memory-event-log.ts";
import { ADA, BOB, createStage, credit, decide, foreignCommit, PARTITION } from "./task-stage.ts";

const expectPaused = async (task: PartitionTask, why: string | RegExp): Promise<void> => {
  await expect.poll(() => task.figures.state).toBe("paused");
  await expect(decide(task, credit(BOB, 1))).rejects.toThrow(UnavailableError);
  await expect(decide(task, credit(BOB, 1))).rejects.toThrow(why);
};

test("an event of an unknown type, or one that fits no more, pauses its partition, and the log says which", async () => {
  for (const [type, data, why] of [
    ["closed", {}, /offset 2 .*account\.closed/],
    ["credited", { cents: "many" }, /offset 2 .*credited.*fit its schema/],
  ] as const) {
    const { log, open, lines, folder } = createStage();
    log.appendNow([
      foreignCommit(ADA, "a", "", [["opened", { owner: "Ada" }]]),
      foreignCommit(BOB, "b", "", [["opened", { owner: "Bob" }]]),
      foreignCommit(ADA, "c", "a", [[type, data]]),
    ]);
    const task = open();
    await expectPaused(task, why);
    expect(lines.lines.filter(({ level, msg }) => level === "error" && String(msg).startsWith("the partition is paused"))).toHaveLength(1);
    expect(folder).toBeTruthy();
  }
});

test("a void commit that cannot be read is void", async () => {
  const { log, open } = createStage();
  log.appendNow([foreignCommit(ADA, "a", "", [["opened", { owner: "Ada" }]]), foreignCommit(ADA, "c", "never", [["closed", {}]])]);
  expect(await decide(open(), credit(ADA, 1))).toMatchObject({ aggregateVersion: 2 });
});

test("commands that wait when their partition is paused are told, and go on once it is mended", async () => {
  const { log, open, lines } = createStage();
  log.wrong.push("Topic account-events has cleanup.policy=compact.");
  const task = open();
  await expectPaused(task, "cleanup.policy=compact");
  log.wrong.pop();
  await expect.poll(() => task.figures.state).toBe("ready");
  expect(await decide(task, credit(ADA, 1))).toMatchObject({ aggregateVersion: 1 });
  expect(lines.lines.at(-1)).toMatchObject({ msg: "the partition can be used again" });
});

test("a partition that lost its first events is not used, nor one whose topic has another number of partitions", async () => {
  const trimmed = createStage();
  trimmed.log.appendNow([foreignCommit(ADA, "a", "", []), foreignCommit(ADA, "b", "a", [])]);
  trimmed.log.trim(1);
  await expectPaused(trimmed.open(), /offset 1.*deleted/);

  const { log, open } = createStage();
  log.count = 4;
  await expectPaused(open(), /3 partitions and has 4/);
});

test("a topic that was made anew is noticed, when it is shorter and when it is longer", async () => {
  const { log, open } = createStage();
  const first = open();
  await decide(first, credit(ADA, 1));
  await decide(first, credit(ADA, 1));
  await first.close();
  log.wipe();
  log.appendNow([foreignCommit(ADA, "x", "", [])]);
  const second = open();
  await expectPaused(second, "ends at offset 1, and had 2 records");
  await second.close();
  log.appendNow([foreignCommit(ADA, "y", "x", []), foreignCommit(ADA, "z", "y", [])]);
  await expectPaused(open(), "begins with another commit");
});

test("a topic that is made anew while commands are decided takes none of them for done", async () => {
  const { log, open } = createStage();
  const task = open();
  for (let count = 0; count < 5; count += 1) await decide(task, credit(ADA, 1));
  log.wipe();
  await expect(decide(task, credit(ADA, 1))).rejects.toThrow("a commit is stored at offset 0, where 5 records were read before");
  expect(task.figures.state).toBe("paused");
  expect(log.records).toHaveLength(1);
});

test("a command of which a commit may be stored is not told before its deadline that its partition is paused", async () => {
  const { log, open } = createStage();
  const task = open();
  await decide(task, credit(ADA, 5));
  log.fates("kept");
  log.wrong.push("Topic account-events has cleanup.policy=compact.");
  const one = credit(ADA, 1);
  await expect(decide(task, one)).rejects.toMatchObject({ untilDeadline: true });
  await expect(decide(task, one)).rejects.toMatchObject({ untilDeadline: true });
  await expect(decide(task, credit(ADA, 1))).rejects.toMatchObject({ untilDeadline: false });
  log.wrong.pop();
  await expect.poll(() => task.figures.state).toBe("ready");
  expect(await decide(task, one)).toMatchObject({ answer: { reply: { balance: 6 } }, aggregateVersion: 2 });
});

test("a command whose commit counts is answered, though the commit behind it cannot be read", async () => {
  const { log, open } = createStage();
  const append: typeof log.append = async (_, records) => {
    log.appendNow([...records, foreignCommit(BOB, "b", "", [["closed", {}]])]);
    throw new AppendError("unknown", "the answer was lost");
  };
  const task = open({ eventLog: { ...log, append } });
  expect(await decide(task, credit(ADA, 5))).toMatchObject({ answer: { reply: { balance: 5 } } });
  await expectPaused(task, /offset 1 .*account\.closed/);
});

test("a topic that was given more partitions while its file was put away is noticed", async () => {
  const { log, open } = createStage();
  const first = open();
  await decide(first, credit(ADA, 1));
  await first.close();
  log.count = 6;
  await expectPaused(open({ partitions: 6 }), /had 3 partitions and has 6/);
});

test("an event of a key that belongs to another partition is noticed", async () => {
  const { log, open } = createStage(createMemoryEventLog(PARTITION));
  const stranger = Array.from({ length: 50 }, (_, index) => `stranger-${index}`).find(
    (id) => partitionOfKey(Buffer.from(id), 3) !== PARTITION,
  );
  log.appendNow([foreignCommit(stranger ?? "", "a", "", [])]);
  await expectPaused(open(), "belongs to partition");
});
