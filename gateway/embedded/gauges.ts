import type { Gauge } from "../engine.ts";
import type { Commits } from "./commits.ts";
import { type Partition, startOf, type Topics } from "./partition.ts";

/** How much the log holds, and how far its readers are behind. */
export const measureLog = (topics: Topics, commits: Pick<Commits, "groups">): readonly Gauge[] => [
  {
    name: "log_records",
    help: "Records that the log keeps.",
    values: [...topics].map(([topic, partitions]) => ({
      labels: { topic },
      value: sum(partitions, (partition) => partition.end - startOf(partition)),
    })),
  },
  {
    name: "log_bytes",
    help: "Bytes of the records that the log keeps.",
    values: [...topics].map(([topic, partitions]) => ({
      labels: { topic },
      value: sum(partitions, ({ segments }) => sum(segments, ({ bytes }) => bytes)),
    })),
  },
  {
    name: "consumer_group_lag_records",
    help: "Records after the committed offset.",
    values: lagsOf(topics, commits),
  },
];

const lagsOf = (topics: Topics, commits: Pick<Commits, "groups">): Gauge["values"] => {
  const partitions = new Map<number, Partition>([...topics.values()].flat().map((partition) => [partition.id, partition]));
  return [...commits.groups()].flatMap(([group, offsets]) =>
    [...offsets].flatMap(([id, offset]) => {
      const found = partitions.get(id);
      if (found === undefined) return [];
      const { topic, partition, end } = found;
      return [{ labels: { group, topic, partition }, value: end - Math.min(end, Math.max(offset, startOf(found))) }];
    }),
  );
};

const sum = <Element>(elements: readonly Element[], valueOf: (element: Element) => number): number =>
  elements.reduce((total, element) => total + valueOf(element), 0);
