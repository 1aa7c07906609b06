import type { Log } from "../../environment/log.ts";
import { systemTime, type Time } from "../../environment/time.ts";
import type { RecordMetadata } from "../../protocol/kafka-record.ts";
import { createCheckpointer } from "../../storage/checkpointer.ts";
import type { DatabaseFile } from "../../storage/database-file.ts";
import type { DeclaredTopic, Engine, Retention } from "../engine.ts";
import { createConsumers } from "../sessions/consumers.ts";
import { createWaits } from "../sessions/wait.ts";
import { openCommits } from "./commits.ts";
import { createCompaction } from "./compaction.ts";
import { type Fsync, openDatabase } from "./database.ts";
import { createFetch } from "./fetch.ts";
import { measureLog } from "./gauges.ts";
import { createEmbeddedGroups } from "./groups.ts";
import { createLogFile } from "./log-file.ts";
import { findPartition, type Partition, startOf } from "./partition.ts";
import { createPartitioner } from "./partitioner.ts";
import { createRetentionSweeper } from "./retention.ts";
import { openTopics } from "./topics.ts";
import { createWriteQueue } from "./write-queue.ts";

export type EmbeddedEngineOptions = {
  /** The folder of the log; made if it is not there. */
  readonly dataDir: string;
  readonly fsync: Fsync;
  /** The topics that are to exist, by name. */
  readonly topics: ReadonlyMap<string, DeclaredTopic>;
  /** Of topics that do not say otherwise. Absent: everything is kept. */
  readonly retention?: Retention;
  /** How many partitions a topic gets that is used without having been declared. Absent: it is not made. */
  readonly partitionsOnDemand?: number | undefined;
};

export type EmbeddedEngineSeams = { readonly time?: Time; readonly log: Pick<Log, "error" | "warn"> };

/**
 * An engine in this process: a log in one SQLite file, which it holds alone, and consumer groups in memory.
 * @throws Error if the folder is in use or cannot be written, or a topic would lose partitions.
 */
export const openEmbeddedEngine = (
  { dataDir, fsync, topics: declared, retention = { ms: undefined, bytes: undefined }, partitionsOnDemand }: EmbeddedEngineOptions,
  { time = systemTime, log }: EmbeddedEngineSeams,
): Engine => {
  const opened = openDatabase(dataDir, fsync, log);
  const { database } = opened;
  const registry = closeOnError(opened, () => openTopics(database, { declared, retention, partitionsOnDemand }, time.now()));
  const { topics, counts } = registry;
  const checkpointer = createCheckpointer(database, opened.path, log);
  const file = createLogFile(database, { onWritten: checkpointer.wrote, onGrown: (partitions) => sweeper.look(partitions) });
  const sweeper = createRetentionSweeper({ topics, file, compact: createCompaction(database), time, log });
  const queue = createWriteQueue(file.transact, time);
  const commits = openCommits(database, queue);
  const waits = createWaits(time);
  const consumers = createConsumers({ groups: createEmbeddedGroups({ topics, log: file, commits }), waits, time });
  const probe = database.prepare("INSERT OR REPLACE INTO probe (id, at) VALUES (0, ?)");
  const partitionsOfBatch = createPartitioner(topics);
  /** For the records of the next commit. */
  let choosePartition: ReturnType<typeof partitionsOfBatch> | undefined;

  return {
    topics: async () => counts,
    configsOf: async (topic) => configsOf(findPartition(topics, { topic, partition: 0 })),
    async provideTopics(names, make) {
      if (make) registry.make(names, time.now());
      return registry.countsWith(names);
    },
    async produce(records) {
      choosePartition ??= partitionsOfBatch();
      const chosen = records.map(choosePartition);
      return queue.write(() => {
        choosePartition = undefined;
        const now = time.now();
        return records.map((record, index): RecordMetadata => {
          const partition = chosen[index] as Partition;
          const timestamp = record.timestamp ?? now;
          const offset = file.append(partition, record, timestamp, now);
          return { topic: record.topic, partition: partition.partition, offset, timestamp };
        });
      });
    },
    fetch: createFetch({ topics, log: file, waits }),
    async consume(request) {
      registry.make(request.topics, time.now());
      for (const topic of request.topics) findPartition(topics, { topic, partition: 0 });
      return consumers.consume(request);
    },
    commit: consumers.commit,
    async committed(name, partitions) {
      consumers.renew(name);
      return partitions.flatMap((named) => {
        const offset = commits.of(name.group, findPartition(topics, named));
        return offset === undefined ? [] : [{ ...named, offset }];
      });
    },
    async offsetsAt(time, partitions) {
      return partitions.map((named) => {
        const partition = findPartition(topics, named);
        if (time === "earliest") return { ...named, offset: startOf(partition) };
        return { ...named, offset: time === "latest" ? partition.end : file.offsetAt(partition, time) };
      });
    },
    consumers: async () => consumers.describe(),
    deleteConsumer: consumers.remove,
    async health() {
      // Probes only after a failure, since a probe costs an fsync.
      if (queue.failure() !== undefined) await queue.write(() => probe.run(time.now()));
    },
    gauges: async () => [...measureLog(topics, commits), consumers.gauge()],
    drain: waits.drain,
    async close() {
      sweeper.stop();
      await consumers.close();
      await queue.drained();
      try {
        file.settle([...topics.values()].flat());
      } catch (error) {
        // Everything can be measured from the records, except when the last of them were stored.
        log.error({ err: error }, "could not finish the log");
      }
      await checkpointer.close();
      opened.close();
    },
  };
};

const WITHOUT_END = -1;

const configsOf = ({ retention: { ms = WITHOUT_END, bytes = WITHOUT_END } }: Partition): Record<string, string> => ({
  "cleanup.policy": "delete",
  "retention.ms": String(ms),
  "retention.bytes": String(bytes),
});

/** Closes the file if `run` fails. */
const closeOnError = <Result>(opened: DatabaseFile, run: () => Result): Result => {
  try {
    return run();
  } catch (error) {
    opened.close();
    throw error;
  }
};
