import { type Clock, systemClock } from "../clock.ts";
import type { Log } from "../../environment/log.ts";
import type { DeclaredTopic, Retention } from "../declared-topic.ts";
import type { Engine, RecordMetadata } from "../engine.ts";
import { createCheckpointer } from "./checkpointer.ts";
import { openCommits } from "./commits.ts";
import { createCompaction } from "./compaction.ts";
import { createConsumers } from "./consumers.ts";
import { type Fsync, type LogDatabase, openDatabase } from "./database.ts";
import { measureLog } from "./gauges.ts";
import { createFetches } from "./fetches.ts";
import { createLogFile } from "./log-file.ts";
import { createMembership } from "./membership.ts";
import { findPartition, type Partition, startOf } from "./partition.ts";
import { createPartitioner } from "./partitioner.ts";
import { createRetentionSweeper } from "./retention.ts";
import { openTopics } from "./topics.ts";
import { createWriteQueue } from "./write-queue.ts";

export type EmbeddedEngineOptions = {
  /** The folder of the log's file; made if it is not there. */
  readonly dataDir: string;
  readonly fsync: Fsync;
  /** The topics that are to exist, by name. */
  readonly topics: ReadonlyMap<string, DeclaredTopic>;
  /** Of topics that do not say otherwise. Absent: everything is kept. */
  readonly retention?: Retention;
  /** How many partitions a topic gets that is used without having been declared. Absent: it is not made. */
  readonly partitionsOnDemand?: number | undefined;
};

export type EmbeddedEngineSeams = { readonly clock?: Clock; readonly log: Pick<Log, "error" | "warn"> };

/**
 * An engine in this process: a log in one SQLite file, which it holds alone, and consumer groups in memory.
 * @throws Error if the folder is in use or cannot be written, or a topic would lose partitions.
 */
export const openEmbeddedEngine = (
  { dataDir, fsync, topics: declared, retention = { ms: undefined, bytes: undefined }, partitionsOnDemand }: EmbeddedEngineOptions,
  { clock = systemClock, log }: EmbeddedEngineSeams,
): Engine => {
  const opened = openDatabase(dataDir, fsync);
  const { database } = opened;
  const registry = closeOnError(opened, () => openTopics(database, { declared, retention, partitionsOnDemand }, clock.now()));
  const { topics, counts } = registry;
  const checkpointer = createCheckpointer(database, opened.path, log);
  const file = createLogFile(database, { onWritten: checkpointer.wrote, onGrown: (partitions) => sweeper.look(partitions) });
  const sweeper = createRetentionSweeper({ topics, file, compact: createCompaction(database), clock, log });
  const queue = createWriteQueue(file.transact, clock);
  const commits = openCommits(database, queue);
  const membership = createMembership(topics, commits, clock);
  const consumers = createConsumers({ topics, log: file, commits, membership, clock });
  const probe = database.prepare("INSERT OR REPLACE INTO probe (id, at) VALUES (0, ?)");
  const fetches = createFetches({ topics, log: file, clock });
  const choosePartition = createPartitioner(topics);

  return {
    topics: async () => counts,
    async provideTopics(names, make) {
      if (make) registry.make(names, clock.now());
      return registry.countsWith(names);
    },
    async produce(records) {
      const chosen = records.map(choosePartition);
      return queue.write(() => {
        const now = clock.now();
        return records.map((record, index): RecordMetadata => {
          const partition = chosen[index] as Partition;
          const timestamp = record.timestamp ?? now;
          const offset = file.append(partition, record, timestamp, now);
          return { topic: record.topic, partition: partition.partition, offset, timestamp };
        });
      });
    },
    fetch: fetches.fetch,
    async consume(request) {
      registry.make(request.topics, clock.now());
      return consumers.consume(request);
    },
    commit: consumers.commit,
    async committed(name, partitions) {
      membership.renew(name);
      return partitions.flatMap((place) => {
        const offset = commits.of(name.group, findPartition(topics, place));
        return offset === undefined ? [] : [{ ...place, offset }];
      });
    },
    async offsetsAt(time, partitions) {
      return partitions.map((place) => {
        const partition = findPartition(topics, place);
        if (time === "earliest") return { ...place, offset: startOf(partition) };
        return { ...place, offset: time === "latest" ? partition.end : file.offsetAt(partition, time) };
      });
    },
    consumers: async () => membership.describe(),
    deleteConsumer: async (name) => membership.remove(name),
    async health() {
      // Only after a failure is there anything to find out; a probe at each call would cost an fsync.
      if (queue.failure() !== undefined) await queue.write(() => probe.run(clock.now()));
    },
    gauges: async () => measureLog({ topics, commits, groups: membership.describe() }),
    drain() {
      consumers.drain();
      fetches.drain();
    },
    async close() {
      sweeper.stop();
      membership.close();
      await queue.drained();
      try {
        file.settle([...topics.values()].flat());
      } catch (error) {
        // The records tell all but when the last of them were stored.
        log.error({ err: error }, "could not finish the log");
      }
      await checkpointer.close();
      opened.close();
    },
  };
};

/** Lets go of the file if what follows its opening fails. */
const closeOnError = <Result>(opened: LogDatabase, run: () => Result): Result => {
  try {
    return run();
  } catch (error) {
    opened.close();
    throw error;
  }
};
