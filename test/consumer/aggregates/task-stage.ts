import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { AggregateCommand, CommandResult } from "../../../consumer/aggregates/command.ts";
import { deciderHashOf } from "../../../consumer/aggregates/decider-hash.ts";
import { createPartitionTask, type PartitionTask, type PartitionTaskOptions } from "../../../consumer/aggregates/partition-task.ts";
import { createAggregateRuntime } from "../../../consumer/deciders/aggregate-runtime.ts";
import { SILENT_OBSERVER } from "../../../consumer/observe/observer.ts";
import { systemTime } from "../../../environment/time.ts";
import { encodeCommit } from "../../../protocol/commit-record.ts";
import { partitionOfKey } from "../../../protocol/partitioner.ts";
import { account } from "../deciders/account.ts";
import { createRecordedLog } from "../log.ts";
import { createMemoryEventLog } from "./memory-event-log.ts";

/** The partition, of three, that these accounts belong to. */
export const PARTITION = 0;
const COUNT = 3;

/** IDs of accounts in that partition. */
export const OWNERS: readonly string[] = Array.from({ length: 200 }, (_, index) => `owner-${index}`).filter(
  (id) => partitionOfKey(Buffer.from(id), COUNT) === PARTITION,
);
export const [ADA = "", BOB = "", EVE = ""] = OWNERS;

export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "rejoinder-aggregates-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** Longer than any test. */
export const FOR_EVER_MS = 100_000_000;

/** Time in which nobody waits for long, but for ever. */
export const quickTime = {
  ...systemTime,
  setTimeout: (callback: () => void, milliseconds: number) =>
    systemTime.setTimeout(callback, milliseconds > FOR_EVER_MS / 2 ? milliseconds : Math.min(milliseconds / 20, 50)),
};

let made = 0;
export const command = (
  name: string,
  id: string,
  more: Readonly<Record<string, unknown>> = {},
  rest: Partial<AggregateCommand> = {},
): AggregateCommand => ({ id, command: `command-${(made += 1)}`, name, request: { account: id, ...more }, ...rest });

export const credit = (id: string, cents: number, rest: Partial<AggregateCommand> = {}): AggregateCommand =>
  command("credit", id, { cents }, rest);

export const NEVER: AbortSignal = new AbortController().signal;

/** Tasks of one partition, on a log in memory. */
export const createStage = (log = createMemoryEventLog(PARTITION)) => {
  const lines = createRecordedLog();
  const folder = temporaryFolder();
  const counts = { counted: 0, voided: 0, folded: 0 };
  const observer = {
    ...SILENT_OBSERVER,
    committedEvents(_: string, counted: number, voided: number) {
      counts.counted += counted;
      counts.voided += voided;
    },
    foldedEvents: (_: string, events: number) => void (counts.folded += events),
  };
  const open = (more: Partial<PartitionTaskOptions> = {}): PartitionTask => {
    const task = createPartitionTask({
      aggregate: "account",
      runtime: createAggregateRuntime("account", account) as PartitionTaskOptions["runtime"],
      hash: deciderHashOf("account", account),
      of: { topic: "account-events", partition: PARTITION },
      partitions: COUNT,
      eventLog: log,
      projector: undefined,
      folder,
      log: lines,
      observer,
      time: quickTime,
      random: () => 0.5,
      readingPatienceMs: FOR_EVER_MS,
      ...more,
    });
    onTestFinished(() => task.close());
    return task;
  };
  return { log, lines, folder, counts, open };
};

export const decide = (task: PartitionTask, one: AggregateCommand, signal: AbortSignal = NEVER): Promise<CommandResult> =>
  task.decide(one, signal);

/** A commit as another program would write it. */
export const foreignCommit = (key: string, commit: string, after: string, events: readonly (readonly [type: string, data: unknown])[]) =>
  encodeCommit({
    key,
    commit,
    after,
    command: `foreign-${commit}`,
    events: events.map(([type, data], index) => ({
      specversion: "1.0" as const,
      id: `${commit}/${index}`,
      source: "test",
      type: `account.${type}`,
      subject: key,
      data,
    })),
  });
