import { expect, onTestFinished, test } from "vitest";
import { type Aggregates, createAggregates } from "../../../consumer/aggregates/aggregates.ts";
import { RefusedCommandError, UnavailableError } from "../../../consumer/aggregates/command.ts";
import { SILENT_OBSERVER, type Watched } from "../../../consumer/observe/observer.ts";
import { createRestAssignment } from "../../../consumer/sources/rest-assignment.ts";
import { defineContract } from "../../../contract/contract.ts";
import type { TopicPartition } from "../../../protocol/topic-partition.ts";
import { accounts } from "../../contract/bank.ts";
import { account } from "../deciders/account.ts";
import { createManualTime } from "../../helpers/manual-time.ts";
import { createRecordedLog } from "../log.ts";
import { createMemoryEventLog } from "./memory-event-log.ts";
import { ADA, createStage, credit, decide, NEVER, PARTITION, quickTime, temporaryFolder } from "./task-stage.ts";

const COMMANDS = { topic: "account-commands", partition: PARTITION };

const open = (partitions: Promise<ReadonlyMap<string, number> | undefined> = Promise.resolve(new Map([["account", 3]]))) => {
  const log = createMemoryEventLog(PARTITION);
  const watched: Watched[] = [];
  const aggregates: Aggregates = createAggregates({
    contract: defineContract({ account: accounts }),
    deciders: { account: account as never },
    eventLog: log,
    partitions,
    folder: temporaryFolder(),
    log: createRecordedLog(),
    observer: { ...SILENT_OBSERVER, watch: (more) => void watched.push(more) },
    time: quickTime,
  });
  onTestFinished(() => aggregates.close());
  let made = 0;
  return {
    aggregates,
    log,
    partitions: () => watched.flatMap((one) => one.partitions?.() ?? []).map(({ partition, state }) => `${partition} ${state}`),
    credit: (id: string, record: TopicPartition = COMMANDS, operation = "account.credit") =>
      aggregates.decide({
        request: { correlationId: `request-${(made += 1)}`, operation },
        value: { account: id, cents: 1 },
        record,
        signal: NEVER,
      }),
  };
};

test("the commands of an aggregate are operations that it decides", async () => {
  const { aggregates, credit } = open();
  expect(aggregates.operations).toEqual(["account.open", "account.credit", "account.debit"]);
  expect(aggregates.commandTopics).toEqual(["account-commands"]);
  expect(await credit(ADA)).toMatchObject({ answer: { reply: { balance: 1 } } });
});

test("a command in a partition that its aggregate does not belong to, or in another topic, is refused, and nothing is stored", async () => {
  const { credit, log } = open();
  for (const [id, record, why] of [
    [ADA, { ...COMMANDS, partition: 1 }, /in partition 0 of 3.*got it in partition 1 of account-commands/],
    [ADA, { ...COMMANDS, topic: "requests" }, /Expected account.credit in topic account-commands/],
    ["", COMMANDS, /Expected the command for ""/],
  ] as const) {
    const decided = credit(id, record);
    await expect(decided).rejects.toThrow(RefusedCommandError);
    await expect(decided).rejects.toThrow(why);
  }
  expect(log.records).toEqual([]);
});

test("an ID with half a surrogate is the one that Kafka has", async () => {
  const id = Array.from({ length: 50 }, (_, index) => `\ud800${index}`);
  const { credit, log } = open();
  const decided = await Promise.allSettled(id.map((one) => credit(one)));
  const stored = decided.filter(({ status }) => status === "fulfilled");
  expect(stored.length).toBeGreaterThan(5);
  expect(log.records.every(({ key }) => String(key).startsWith("\ufffd"))).toBe(true);
});

test("a partition is read as soon as this process has it, and let go when it has it no more", async () => {
  const { aggregates, partitions, credit } = open();
  aggregates.assigned([COMMANDS, { topic: "requests", partition: 0 }]);
  await expect.poll(partitions).toEqual(["0 ready"]);
  aggregates.assigned([{ topic: "requests", partition: 0 }]);
  await expect.poll(partitions).toEqual([]);
  // A command that comes late is decided all the same, and its partition let go again.
  expect(await credit(ADA)).toMatchObject({ aggregateVersion: 1 });
  await expect.poll(partitions).toEqual([]);
  aggregates.assigned([COMMANDS]);
  await expect.poll(partitions).toEqual(["0 ready"]);
  expect(await credit(ADA)).toMatchObject({ aggregateVersion: 2 });
});

test("a command waits until it is known how many partitions there are, and is left if the process ends before", async () => {
  const known = Promise.withResolvers<ReadonlyMap<string, number> | undefined>();
  const { credit } = open(known.promise);
  const decided = credit(ADA);
  known.resolve(new Map([["account", 3]]));
  expect(await decided).toMatchObject({ aggregateVersion: 1 });

  await expect(open(Promise.resolve(undefined)).credit(ADA)).rejects.toThrow(UnavailableError);
});

test("a server that must be asked tells of partitions late, and a record of one sooner", async () => {
  const told: string[] = [];
  let answer: readonly TopicPartition[] = [];
  const assignment = createRestAssignment({
    ask: async () => answer,
    onAssigned: (partitions) => void told.push(partitions.map(({ partition }) => partition).join()),
    time: quickTime,
  });
  assignment.took(COMMANDS);
  expect(told).toEqual(["0"]);
  answer = [COMMANDS, { ...COMMANDS, partition: 2 }];
  const stop = assignment.start();
  await expect.poll(() => told).toEqual(["0", "0,2"]);
  answer = [{ ...COMMANDS, partition: 2 }];
  await expect.poll(() => told).toEqual(["0", "0,2", "2"]);
  stop();
});

test("commands that come later while much is read give their places back at once: others need them", async () => {
  const time = createManualTime();
  const { open: openTask, log } = createStage();
  const read = Promise.withResolvers<never>();
  const task = openTask({ eventLog: { ...log, read: () => read.promise }, time, readingPatienceMs: 5_000 });
  const first = decide(task, credit(ADA, 1));
  const told = expect(first).rejects.toThrow("still being read");
  await time.elapse(5_000);
  await told;
  const second = expect(decide(task, credit(ADA, 1))).rejects.toThrow("still being read");
  await time.elapse(0);
  await second;
  read.reject(new Error("over"));
});
