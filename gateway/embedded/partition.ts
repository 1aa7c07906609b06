import type { Retention } from "../declared-topic.ts";
import type { TopicPartition } from "../../protocol/topic-partition.ts";
import { GatewayError } from "../gateway-error.ts";
import type { RecordTable } from "./record-table.ts";
import type { Segment } from "./segment.ts";

/** One partition of the log. */
export type Partition = TopicPartition & {
  /** Its number among all partitions of all topics: what the file knows it by. */
  readonly id: number;
  readonly retention: Retention;
  readonly records: RecordTable;
  /** What it holds, oldest first. The last one is appended to; there always is one. */
  readonly segments: Segment[];
  /** The offset of the next record. */
  end: number;
  /** Called after records were appended. */
  readonly watchers: Set<() => void>;
};

/** The first offset whose record is still kept. */
export const startOf = ({ segments }: Partition): number => (segments[0] as Segment).base;

/** The segment that is appended to. */
export const activeSegment = ({ segments }: Partition): Segment => segments.at(-1) as Segment;

/** The partitions of every topic, by number. */
export type Topics = ReadonlyMap<string, readonly Partition[]>;

/** @throws GatewayError 404 unknown topic, 400 partition out of range. */
export const findPartition = (topics: Topics, { topic, partition }: TopicPartition): Partition => {
  const partitions = topics.get(topic);
  if (partitions === undefined) throw new GatewayError(404, `There is no topic ${JSON.stringify(topic)}.`);
  const found = partitions[partition];
  if (found === undefined)
    throw new GatewayError(
      400,
      `Expected the partition of ${JSON.stringify(topic)} to be from 0 to ${partitions.length - 1}, got ${partition}.`,
    );
  return found;
};

/** @throws GatewayError 400 if no record could have the offset yet. */
export const requireWithinEnd = ({ topic, partition, end }: Partition, offset: number): void => {
  if (offset > end)
    throw new GatewayError(
      400,
      `Expected the offset to be from 0 to ${end}, the end of partition ${partition} of ${JSON.stringify(topic)}, got ${offset}.`,
    );
};
