import type { DatabaseSync } from "node:sqlite";
import { type Clock, systemClock } from "../clock.ts";
import type { Engine, FetchRequest, NewRecord, RecordPlace, StoredRecord } from "../engine.ts";
import { openCommits } from "./commits.ts";
import { createConsumers } from "./consumers.ts";
import { type Fsync, openDatabase } from "./database.ts";
import { createLogFile } from "./log-file.ts";
import { createMembership } from "./membership.ts";
import { findPartition, type Partition, type Topics } from "./partition.ts";
import { partitionOf } from "./partitioner.ts";
import { declareTopics } from "./topics.ts";
import { createWait, type Wait } from "./wait.ts";
import { createWriteQueue } from "./write-queue.ts";

export type EmbeddedEngineOptions = {
  /** The folder of the log's file; made if it is not there. */
  readonly dataDir: string;
  readonly fsync: Fsync;
  /** Partition count of the topics that are to exist, by name. */
  readonly topics: ReadonlyMap<string, number>;
};

/**
 * An engine in this process: a log in one SQLite file, which it holds alone, and consumer groups in memory.
 * @throws Error if the folder is in use or cannot be written, or a topic would lose partitions.
 */
export const openEmbeddedEngine = (
  { dataDir, fsync, topics: declared }: EmbeddedEngineOptions,
  { clock = systemClock }: { readonly clock?: Clock } = {},
): Engine => {
  const database = openDatabase(dataDir, fsync);
  const topics = openTopics(database, declared);
  const counts = new Map([...topics].map(([name, partitions]) => [name, partitions.length]));
  const log = createLogFile(database);
  const queue = createWriteQueue(log.transact, clock);
  const commits = openCommits(database, queue);
  const membership = createMembership(topics, commits, clock);
  const consumers = createConsumers({ topics, log, commits, membership, clock });
  const probe = database.prepare("INSERT OR REPLACE INTO probe (id, at) VALUES (0, ?)");
  const turns = new Map<string, number>();
  const fetching = new Set<Wait>();
  let draining = false;

  const choosePartition = ({ topic, partition, key }: NewRecord): Partition => {
    if (partition !== undefined) return findPartition(topics, { topic, partition });
    const count = counts.get(topic) ?? 0;
    if (key !== undefined) return findPartition(topics, { topic, partition: partitionOf(key, count) });
    const turn = turns.get(topic) ?? 0;
    turns.set(topic, turn + 1);
    return findPartition(topics, { topic, partition: turn % count });
  };

  const readAll = (request: FetchRequest, from: readonly { partition: Partition; offset: number }[]): StoredRecord[] => {
    const room = { records: request.maxRecords, bytes: request.maxBytes, empty: true };
    return from.flatMap(({ partition, offset }) => log.read(partition, offset, room));
  };

  return {
    topics: async () => counts,
    async produce(records) {
      const chosen = records.map(choosePartition);
      return queue.write(() =>
        records.map((record, index): RecordPlace => {
          const partition = chosen[index] as Partition;
          const timestamp = record.timestamp ?? clock.now();
          const offset = log.append(partition, record, timestamp);
          return { topic: record.topic, partition: partition.partition, offset, timestamp };
        }),
      );
    },
    async fetch(request) {
      const from = request.offsets.map((place) => ({ partition: findPartition(topics, place), offset: place.offset }));
      const records = readAll(request, from);
      if (records.length > 0 || draining) return records;
      const wait = createWait(request, clock);
      fetching.add(wait);
      try {
        const partitions = from.map(({ partition }) => partition);
        while (!wait.isOver()) {
          await wait.wokenBy(partitions);
          const appended = readAll(request, from);
          if (appended.length > 0) return appended;
        }
        return [];
      } finally {
        wait.end();
        fetching.delete(wait);
      }
    },
    consume: consumers.consume,
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
        if (time === "earliest") return { ...place, offset: 0 };
        return { ...place, offset: time === "latest" ? partition.end : log.offsetAt(partition, time) };
      });
    },
    consumers: async () => membership.describe(),
    deleteConsumer: async (name) => membership.remove(name),
    async health() {
      // Only after a failure is there anything to find out; a probe at each call would cost an fsync.
      if (queue.failure() !== undefined) await queue.write(() => probe.run(clock.now()));
    },
    drain() {
      draining = true;
      consumers.drain();
      for (const wait of fetching) wait.end();
    },
    async close() {
      membership.close();
      await queue.drained();
      database.close();
    },
  };
};

/** Lets go of the file if the topics cannot be as they were declared. */
const openTopics = (database: DatabaseSync, declared: ReadonlyMap<string, number>): Topics => {
  try {
    return declareTopics(database, declared);
  } catch (error) {
    database.close();
    throw error;
  }
};
