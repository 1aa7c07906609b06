import type { PartitionName } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";

/** One partition of the log. */
export type Partition = PartitionName & {
  /** Its number among all partitions of all topics: what the file knows it by. */
  readonly id: number;
  /** The offset of the next record. */
  end: number;
  /** Called after records were appended. */
  readonly watchers: Set<() => void>;
};

/** All partitions, by topic and number. */
export type Topics = ReadonlyMap<string, readonly Partition[]>;

/** @throws GatewayError 404 unknown topic, 400 partition out of range. */
export const findPartition = (topics: Topics, { topic, partition }: PartitionName): Partition => {
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
