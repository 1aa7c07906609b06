import type { DatabaseSync } from "node:sqlite";
import type { Partition, Topics } from "./partition.ts";

/** The offsets of one partition: 2^40 are enough for a million records a second over twelve days, or a thousand over 34 years. */
export const OFFSETS = 2 ** 40;

/** So that partition and offset fit together into an integer that JavaScript holds exactly. */
const MAX_PARTITIONS = 2 ** 13;

/**
 * Makes sure that the declared topics exist, and reads all topics. A topic can be given more partitions, never fewer.
 * @throws Error for a topic that would shrink, or too many partitions.
 */
export const declareTopics = (database: DatabaseSync, declared: ReadonlyMap<string, number>): Topics => {
  const counts = new Map<string, number>();
  const rows = database.prepare("SELECT topic, count(*) AS partitions FROM partitions GROUP BY topic").all();
  for (const { topic, partitions } of rows) counts.set(String(topic), Number(partitions));
  const insert = database.prepare("INSERT INTO partitions (id, topic, number) SELECT coalesce(max(id), -1) + 1, ?, ? FROM partitions");
  for (const [topic, wanted] of declared) {
    const existing = counts.get(topic) ?? 0;
    if (wanted < existing)
      throw new Error(
        `Topic ${JSON.stringify(topic)} has ${existing} partitions and GATEWAY_TOPICS says ${wanted}: partitions can be added, never taken away.`,
      );
    for (let number = existing; number < wanted; number += 1) insert.run(topic, number);
  }
  return readTopics(database);
};

const readTopics = (database: DatabaseSync): Topics => {
  const topics = new Map<string, Partition[]>();
  const last = database.prepare("SELECT max(position) AS last FROM records WHERE position >= ? AND position < ?");
  const rows = database.prepare("SELECT id, topic, number FROM partitions ORDER BY topic, number").all();
  if (rows.length > MAX_PARTITIONS) throw new Error(`Expected at most ${MAX_PARTITIONS} partitions, got ${rows.length}.`);
  for (const row of rows) {
    const id = Number(row["id"]);
    const topic = String(row["topic"]);
    const position = last.get(id * OFFSETS, (id + 1) * OFFSETS)?.["last"] ?? null;
    const end = position === null ? 0 : (Number(position) % OFFSETS) + 1;
    const partition: Partition = { id, topic, partition: Number(row["number"]), end, watchers: new Set() };
    const siblings = topics.get(topic);
    if (siblings === undefined) topics.set(topic, [partition]);
    else siblings.push(partition);
  }
  return topics;
};
