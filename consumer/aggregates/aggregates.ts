import { join } from "node:path";
import { type AnyAggregate, commandTopicOf, eventTopicOf } from "../../contract/aggregate.ts";
import type { Contract } from "../../contract/contract.ts";
import type { Log } from "../../environment/log.ts";
import { systemTime, type Time } from "../../environment/time.ts";
import { partitionOfKey } from "../../protocol/partitioner.ts";
import { type TopicPartition, topicPartitionKey } from "../../protocol/topic-partition.ts";
import { createAggregateRuntime } from "../deciders/aggregate-runtime.ts";
import type { AnyDecider, Decider } from "../deciders/decider.ts";
import type { EventLog } from "../events/event-log.ts";
import type { Personal } from "../personal/start-personal.ts";
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
  /** How many partitions the topics of each aggregate have, by its name; undefined if that will never be known. */
  readonly partitions: Promise<ReadonlyMap<string, number> | undefined>;
  /** Makes views. Absent: there are none. */
  readonly projector?: Projector | undefined;
  /** Absent: no event has personal data. */
  readonly personal?: Pick<Personal, "data" | "aggregates" | "personalEpoch"> | undefined;
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
  /** A subject was forgotten: makes the states and the rows of aggregates with personal data again. */
  forgotten(): void;
  /** Ends all, after what they are just doing. */
  close(): Promise<void>;
};

/** One kind of aggregate. */
type Kind = Pick<PartitionTaskOptions, "aggregate" | "runtime" | "hash" | "epoch"> & {
  readonly definition: AnyAggregate;
  readonly commandTopic: string;
  readonly eventTopic: string;
};

export const createAggregates = (options: AggregatesOptions): Aggregates => {
  const { contract, deciders, eventLog, partitions, projector, personal, folder, log } = options;
  const { observer = SILENT_OBSERVER, time = systemTime, random = Math.random } = options;
  const kinds = Object.entries(deciders).map(([name, decider]) => kindOf(name, decider, personal));
  const kindOfTopic = new Map(kinds.map((kind) => [kind.commandTopic, kind]));
  const closing = new AbortController();
  /** By partition of the command topic. */
  const tasks = new Map<string, PartitionTask>();
  /** Undefined: nobody has said. */
  let own: ReadonlySet<string> | undefined;

  const open = (kind: Kind, partition: number, count: number): PartitionTask => {
    const key = topicPartitionKey({ topic: kind.commandTopic, partition });
    const known = tasks.get(key);
    if (known !== undefined && !known.isOver) return known;
    const { aggregate, runtime, hash, epoch, eventTopic: topic } = kind;
    const task = createPartitionTask({
      ...{ aggregate, runtime, hash, epoch, partitions: count, eventLog, projector, log, observer, time, random },
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
      const count = (await unlessAborted(partitions, signal))?.get(kind.aggregate);
      signal.throwIfAborted();
      if (count === undefined || closing.signal.aborted) throw new UnavailableError("This process ends.");
      const expected = partitionOfKey(Buffer.from(id), count);
      if (id === "" || expected !== record.partition)
        throw new RefusedCommandError(
          "INVALID_RECORD",
          `Expected the command for ${JSON.stringify(id)} in partition ${expected} of ${count}, as Kafka's default partitioner has it, got it in ` +
            `partition ${record.partition} of ${record.topic}. The topics of commands and of events must have the same number of partitions.`,
        );
      const task = open(kind, record.partition, count);
      const decided = task.decide(
        { id, command, name: operation.slice(kind.aggregate.length + 1), request: value, expectedVersion },
        signal,
      );
      // It went to another process meanwhile, and the log does not mind who of the two is faster.
      if (own?.has(topicPartitionKey(record)) === false) task.retire();
      return decided;
    },
    assigned(assigned) {
      own = new Set(assigned.map(topicPartitionKey));
      for (const [key, task] of tasks) if (!own.has(key)) task.retire();
      void partitions.then((counts) => {
        for (const { topic, partition } of assigned) {
          const kind = kindOfTopic.get(topic);
          const count = kind && counts?.get(kind.aggregate);
          const isOwn = own?.has(topicPartitionKey({ topic, partition })) === true && !closing.signal.aborted;
          if (count !== undefined && isOwn) open(kind as Kind, partition, count).retain();
        }
      });
    },
    forgotten() {
      for (const { commandTopic } of kinds.filter(({ aggregate }) => personal?.aggregates.has(aggregate)))
        for (const [key, task] of tasks) if (key.startsWith(`${commandTopic}/`)) task.reopen();
    },
    async close() {
      closing.abort();
      await Promise.all([...tasks.values()].map((task) => task.close()));
    },
  };
};

const kindOf = (aggregate: string, decider: AnyDecider, personal: AggregatesOptions["personal"]): Kind => {
  const { aggregate: definition } = decider;
  return {
    aggregate,
    definition,
    // What a decider of any aggregate is given was made by the schemas of that aggregate.
    runtime: createAggregateRuntime(aggregate, decider as unknown as Decider<AnyAggregate, unknown>, { personal: personal?.data }),
    hash: deciderHashOf(aggregate, decider),
    epoch: personal && (() => personal.personalEpoch(aggregate)),
    commandTopic: commandTopicOf(aggregate, definition),
    eventTopic: eventTopicOf(aggregate, definition),
  };
};
