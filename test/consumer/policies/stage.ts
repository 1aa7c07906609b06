import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import type { AnyPolicy } from "../../../consumer/policies/policy.ts";
import { createPolicyFile, migratePolicyTables, type PolicyFile } from "../../../consumer/policies/policy-file.ts";
import { createPolicyPartition, type PolicyPartition } from "../../../consumer/policies/policy-partition.ts";
import { createReactions } from "../../../consumer/policies/reactions.ts";
import { createPolicySender } from "../../../consumer/policies/sender.ts";
import { createOutageLog } from "../../../consumer/outage-log.ts";
import type { EventLog } from "../../../consumer/events/event-log.ts";
import { createTransact } from "../../../storage/database-file.ts";
import { decodeEvent, type ConsumerRecord } from "../../../protocol/kafka-record.ts";
import { readRequestEvent, type RequestEvent } from "../../../protocol/request-event.ts";
import { createManualTime } from "../../helpers/manual-time.ts";
import { createRecordedLog } from "../log.ts";
import { createMemoryLog, type MemoryLog } from "./memory-log.ts";
import { begins, notices, PARTITION, START, transfers } from "./transfers.ts";

/** What a file has, without the file: it stays when its owner is gone. */
export const createMemoryTables = () => {
  const database = new DatabaseSync(":memory:");
  migratePolicyTables(database);
  return (): PolicyFile => createPolicyFile({ database, transact: createTransact(database), committed: () => {}, close: async () => {} });
};

const asItIs = (file: PolicyFile): PolicyFile => file;

export const asRequest = (record: Pick<ConsumerRecord, "value" | "headers">): RequestEvent => readRequestEvent(decodeEvent(record));

type StageOptions = {
  readonly policies?: Readonly<Record<string, AnyPolicy>>;
  readonly partitions?: number;
};

/** The policies of a partition on a log in memory, at a time that the test drives. */
export const createPolicyStage = ({ policies = { begins, notices }, partitions = 1 }: StageOptions = {}) => {
  const eventLog = createMemoryLog(partitions);
  const time = createManualTime(START);
  const log = createRecordedLog();
  const counted = { sent: 0, expired: 0 };
  const stopped: boolean[] = [];

  /** Another owner. Default: with the file of the one before, and its policies. */
  let openFile = createMemoryTables();
  const start = (
    options: {
      readonly file?: "new";
      readonly through?: (file: PolicyFile) => PolicyFile;
      readonly policies?: Readonly<Record<string, AnyPolicy>>;
      readonly log?: EventLog;
    } = {},
  ) => {
    if (options.file === "new") openFile = createMemoryTables();
    const own = options.log ?? eventLog;
    const partition = createPolicyPartition({
      partition: PARTITION,
      reactions: createReactions("transfer", transfers, new Map(Object.entries(options.policies ?? policies))),
      sender: createPolicySender({ eventLog: own, outages: createOutageLog(log, "over"), time, random: () => 0 }),
      eventLog: own,
      openFile: () => (options.through ?? asItIs)(openFile()),
      onFollowed: (outcome, count) => void (counted[outcome] += count),
      onStopped: () => void stopped.push(true),
      log,
      time,
      random: () => 0,
    });
    onTestFinished(() => partition.close());
    return partition;
  };

  /** Gives a partition the records from an offset on, as its source does. */
  const give = (to: PolicyPartition, from = 0): Promise<boolean[]> =>
    Promise.all(
      eventLog
        .records(PARTITION)
        .filter(({ offset }) => offset >= from)
        .map((record) => to.process(record)),
    );

  return { eventLog, time, log, counted, stopped, start, give };
};

/** The requests in a topic, in their order. */
export const requestsIn = (log: MemoryLog, topic: string): readonly RequestEvent[] => log.all(topic).map(asRequest);
