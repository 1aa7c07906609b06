import type { DatabaseSync } from "node:sqlite";
import type { DeclaredTopic, Retention } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import { createTransact } from "../../storage/database-file.ts";
import type { Partition, Topics } from "./partition.ts";
import { createRecordTable, openRecordTable } from "./record-table.ts";
import { openSegmentTable } from "./segment-table.ts";
import { storageError } from "./write-queue.ts";

/** Each has a table, and every start reads all of them. */
const MAX_PARTITIONS = 2 ** 13;

export type TopicsOptions = {
  readonly declared: ReadonlyMap<string, DeclaredTopic>;
  /** For topics that do not say otherwise. */
  readonly retention: Retention;
  /** How many partitions a topic gets that is used without having been declared. Absent: it is not made. */
  readonly partitionsOnDemand?: number | undefined;
};

/** The topics of a log. They can be added, never removed. */
export type TopicRegistry = {
  readonly topics: Topics;
  /** Partition counts, by topic. */
  readonly counts: ReadonlyMap<string, number>;
  /** The same, with those of these names that would be made on demand. */
  countsWith(names: Iterable<string>): ReadonlyMap<string, number>;
  /** Makes those of the topics that are not there, if topics are made on demand. @throws GatewayError 404 without room, 503 if the disk refuses */
  make(names: Iterable<string>, now: number): void;
};

type Numbered = { readonly topic: string; readonly number: number };

/**
 * Reads the topics of a log, and makes those that are declared. A topic can be given more partitions, never fewer.
 * @throws Error for a topic that would shrink, or too many partitions.
 */
export const openTopics = (
  database: DatabaseSync,
  { declared, retention, partitionsOnDemand }: TopicsOptions,
  now: number,
): TopicRegistry => {
  const topics = new Map<string, Partition[]>();
  const counts = new Map<string, number>();
  const transact = createTransact(database);
  const segments = openSegmentTable(database);
  const insert = database.prepare("INSERT INTO partitions (id, topic, number) VALUES (?, ?, ?)");
  let nextId = 0;

  const load = (id: number, { topic, number }: Numbered, at: number): Partition => {
    const records = openRecordTable(database, id);
    return {
      id,
      topic,
      partition: number,
      retention: { ...retention, ...declared.get(topic)?.retention },
      records,
      ...segments.load(id, records, at),
      watchers: new Set(),
    };
  };

  const remember = (partition: Partition): void => {
    const { id, topic, partition: number } = partition;
    const siblings = topics.get(topic);
    if (siblings === undefined) topics.set(topic, [partition]);
    else siblings.push(partition);
    counts.set(topic, number + 1);
    nextId = id + 1;
  };

  const add = (missing: readonly Numbered[], at: number): void => {
    const added: Partition[] = [];
    transact(() => {
      for (const [index, { topic, number }] of missing.entries()) {
        insert.run(nextId + index, topic, number);
        createRecordTable(database, nextId + index);
        added.push(load(nextId + index, { topic, number }, at));
      }
    });
    for (const partition of added) remember(partition);
  };

  const rows = database.prepare("SELECT id, topic, number FROM partitions ORDER BY id").all();
  transact(() => {
    for (const { id, topic, number } of rows) remember(load(Number(id), { topic: String(topic), number: Number(number) }, now));
  });
  const missing = [...declared].flatMap(([topic, { partitions: wanted }]) => numbersFrom(topic, counts.get(topic) ?? 0, wanted));
  if (nextId + missing.length > MAX_PARTITIONS) throw new Error(`Expected at most ${MAX_PARTITIONS} partitions in all.`);
  add(missing, now);

  /** Topics that would be made on demand, with their partition counts. */
  const missingOf = (names: Iterable<string>): readonly (readonly [topic: string, partitions: number])[] =>
    partitionsOnDemand === undefined
      ? []
      : [...new Set(names)].filter((name) => !counts.has(name)).map((name) => [name, partitionsOnDemand]);

  return {
    topics,
    counts,
    countsWith(names) {
      const missing = missingOf(names);
      return missing.length === 0 ? counts : new Map([...counts, ...missing]);
    },
    make(names, at) {
      const wanted = missingOf(names).flatMap(([topic, partitions]) => numbersFrom(topic, 0, partitions));
      if (wanted.length === 0) return;
      if (nextId + wanted.length > MAX_PARTITIONS)
        throw new GatewayError(404, `There is no topic ${JSON.stringify(wanted[0]?.topic)}, and with ${nextId} partitions no room for it.`);
      try {
        add(wanted, at);
      } catch (error) {
        throw storageError(error);
      }
    },
  };
};

const numbersFrom = (topic: string, existing: number, wanted: number): readonly Numbered[] => {
  if (wanted < existing)
    throw new Error(
      `Topic ${JSON.stringify(topic)} has ${existing} partitions and GATEWAY_TOPICS says ${wanted}: partitions can be added, never taken away.`,
    );
  return Array.from({ length: wanted - existing }, (_, index) => ({ topic, number: existing + index }));
};
