import { join } from "node:path";
import { type AnyAggregate, commandTopicOf, eventTopicOf } from "../../contract/aggregate.ts";
import type { Contract } from "../../contract/contract.ts";
import type { Log } from "../../environment/log.ts";
import { pause, systemTime, type Time } from "../../environment/time.ts";
import { partitionOfKey } from "../../protocol/partitioner.ts";
import { type TopicPartition, topicPartitionKey } from "../../protocol/topic-partition.ts";
import { createAggregateRuntime } from "../deciders/aggregate-runtime.ts";
import type { AnyDecider, Decider } from "../deciders/decider.ts";
import type { EventLog } from "../events/event-log.ts";
import { type ConsumerObserver, SILENT_OBSERVER } from "../observe/observer.ts";
import { unlessAborted } from "../waiting.ts";
import { type CommandDecider, RefusedCommandError, UnavailableError } from "./command.ts";
import { deciderHashOf } from "./decider-hash.ts";
import { createPartitionTask, type PartitionTask, type PartitionTaskOptions } from "./partition-task.ts";
import type { Projector } from "./projector.ts";

type AggregatesOptions = {
  readonly contract: Contract;
  /** By the names of their aggregates. */
  readonly deciders: { readonly [aggregate: string]: AnyDecider };
  readonly eventLog: EventLog;
  /** Makes views. Absent: there are none. */
  readonly projector?: Projector | undefined;
  /** Where the state files are, each in a folder of its own. */
  readonly folder: string;
  readonly log: Log;
  readonly observer?: ConsumerObserver | undefined;
  /** With the clock that sets the deadlines. */
  readonly time?: Time | undefined;
  readonly random?: (() => number) | undefined;
};

/** The aggregates of a contract, in the partitions that this process has. */
export type Aggregates = CommandDecider & {
  /** The topics of their commands. */
  readonly commandTopics: readonly string[];
  /**
   * These are all partitions that this process has now, perhaps of other topics, too. Their events are read from then on. Those of partitions that
   * it has no more are read until no command of them waits.
   */
  assigned(partitions: readonly TopicPartition[]): void;
  /** Ends all, after what they are just doing. */
  close(): Promise<void>;
};

/** One kind of aggregate. */
type Kind = Pick<PartitionTaskOptions, "aggregate" | "runtime" | "hash"> & {
  readonly definition: AnyAggregate;
  readonly commandTopic: string;
  readonly eventTopic: string;
};

const ASK_AGAIN_MS = 1_000;

export const createAggregates = (options: AggregatesOptions): Aggregates => {
  const { contract, deciders, eventLog, projector, folder, log, observer = SILENT_OBSERVER, time = systemTime, random = Math.random } = options;
  const kinds = Object.entries(deciders).map(([name, decider]) => kindOf(name, decider));
  const kindOfTopic = new Map(kinds.map((kind) => [kind.commandTopic, kind]));
  const closing = new AbortController();
  /** By partition of the command topic. */
  const tasks = new Map<string, PartitionTask>();
  const counts = new Map<string, Promise<number>>();
  /** Undefined: nobody has said. */
  let own: ReadonlySet<string> | undefined;

  /** How many partitions the event topic has, as when it was first asked for: they must not change. */
  const countOf = (topic: string): Promise<number> => {
    const known = counts.get(topic);
    if (known !== undefined) return known;
    const asked = askCount(topic);
    counts.set(topic, asked);
    return asked;
  };

  const askCount = async (topic: string): Promise<number> => {
    let reason = "";
    for (;;) {
      closing.signal.throwIfAborted();
      try {
        const count = (await eventLog.partitions([topic])).get(topic);
        if (count !== undefined) return count;
        throw new Error(`There is no topic ${topic}.`);
      } catch (error) {
        const { message } = error as Error;
        if (message !== reason) log.warn({ topic, reason: message }, "it is not known yet how many partitions an event topic has");
        reason = message;
      }
      await pause(time, ASK_AGAIN_MS, closing.signal);
    }
  };

  const open = (kind: Kind, partition: number, partitions: number): PartitionTask => {
    const key = topicPartitionKey({ topic: kind.commandTopic, partition });
    const known = tasks.get(key);
    if (known !== undefined && !known.isOver) return known;
    const { aggregate, runtime, hash, eventTopic: topic } = kind;
    const task = createPartitionTask({
      ...{ aggregate, runtime, hash, partitions, eventLog, projector, log, observer, time, random },
      of: { topic, partition },
      folder: join(folder, `${topic}-${partition}`),
    });
    tasks.set(key, task);
    void task.ended.then(() => tasks.get(key) === task && tasks.delete(key));
    return task;
  };

  observer.watch({ partitions: () => [...tasks.values()].map(({ figures }) => figures) });

  return {
    operations: kinds.flatMap(({ aggregate, definition }) => Object.keys(definition.commands).map((command) => `${aggregate}.${command}`)),
    commandTopics: [...kindOfTopic.keys()],
    async decide({ request, value, record, signal }) {
      const { correlationId: command, operation, expectedVersion } = request;
      const kind = kindOfTopic.get(record.topic);
      if (kind === undefined || !operation.startsWith(`${kind.aggregate}.`))
        throw new RefusedCommandError(
          "INVALID_RECORD",
          `Expected ${operation} in topic ${contract[operation]?.topic}, got it in ${record.topic}.`,
        );
      // As the key of a record has it, which is UTF-8.
      const id = kind.definition.id(value as never).toWellFormed();
      const partitions = await unlessAborted(countOf(kind.eventTopic), signal);
      if (partitions === undefined) throw signal.reason;
      const expected = partitionOfKey(Buffer.from(id), partitions);
      if (id === "" || expected !== record.partition)
        throw new RefusedCommandError(
          "INVALID_RECORD",
          `Expected the command for ${JSON.stringify(id)} in partition ${expected} of ${partitions}, as Kafka's default partitioner has it, got it in ` +
            `partition ${record.partition} of ${record.topic}. The topics of commands and of events must have the same number of partitions.`,
        );
      if (closing.signal.aborted) throw new UnavailableError("This process ends.");
      const task = open(kind, record.partition, partitions);
      const decided = task.decide({ id, command, name: operation.slice(kind.aggregate.length + 1), request: value, expectedVersion }, signal);
      // It went to another process meanwhile, and the log does not mind who of the two is faster.
      if (own?.has(topicPartitionKey(record)) === false) task.retire();
      return decided;
    },
    assigned(partitions) {
      own = new Set(partitions.map(topicPartitionKey));
      for (const { topic, partition } of partitions) {
        const kind = kindOfTopic.get(topic);
        if (kind === undefined) continue;
        countOf(kind.eventTopic).then(
          (count) => {
            if (!closing.signal.aborted && own?.has(topicPartitionKey({ topic, partition })) === true) open(kind, partition, count).retain();
          },
          () => {},
        );
      }
      for (const [key, task] of tasks) if (!own.has(key)) task.retire();
    },
    async close() {
      closing.abort();
      await Promise.all([...tasks.values()].map((task) => task.close()));
    },
  };
};

const kindOf = (aggregate: string, decider: AnyDecider): Kind => {
  const { aggregate: definition } = decider;
  return {
    aggregate,
    definition,
    // What a decider of any aggregate is given was made by the schemas of that aggregate.
    runtime: createAggregateRuntime(aggregate, decider as unknown as Decider<AnyAggregate, unknown>),
    hash: deciderHashOf(aggregate, decider),
    commandTopic: commandTopicOf(aggregate, definition),
    eventTopic: eventTopicOf(aggregate, definition),
  };
};
