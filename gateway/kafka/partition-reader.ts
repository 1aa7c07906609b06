import type { Directory, Topic } from "../../kafka/directory.ts";
import { kafkaErrorOf } from "../../kafka/errors.ts";
import { fetchFromLeader } from "../../kafka/fetch.ts";
import { KafkaError } from "../../kafka/kafka-error.ts";
import type { Requests } from "../../kafka/library.ts";
import type { Broker } from "../../kafka/protocol.ts";
import type { FetchedPartition } from "../../kafka/record-batches.ts";
import type { TopicPartition, TopicPartitionOffset } from "../../protocol/topic-partition.ts";

export type ReadLimits = {
  /** Of one answer; a broker sends a whole batch at least. */
  readonly maxBytes: number;
  /** How long the brokers may wait for a first record. */
  readonly waitMs: number;
};

export type Reading = {
  readonly partitions: readonly FetchedPartition[];
  /** Partitions whose offset is not, or no longer, in the log. */
  readonly outOfRange: readonly TopicPartition[];
  /** Whether other brokers lead some partitions by now, so that nothing could be read from them or waited for. */
  readonly hasMoved: boolean;
};

/**
 * Reads partitions from offsets on, in this order, as far as one answer holds. A partition without a leader gives nothing.
 * @param requests of a connection on which waiting keeps nobody else waiting
 * @throws KafkaError if no leader answered
 */
export const readPartitions = async (
  requests: Requests,
  directory: Directory,
  offsets: readonly TopicPartitionOffset[],
  limits: ReadLimits,
): Promise<Reading> => {
  const topics = await directory.find(offsets.map(({ topic }) => topic));
  const leaderOf = ({ topic, partition }: TopicPartition): Broker | undefined => topics.get(topic)?.leaders[partition];
  const led = Map.groupBy(offsets, (offset) => addressOf(leaderOf(offset)));
  directory.forget((led.get(NOBODY) ?? []).map(({ topic }) => topic));
  led.delete(NOBODY);
  if (led.size === 0) throw new KafkaError("unavailable", "the partitions have no leader");
  return await firstFull(
    [...led.values()].map(async (wanted): Promise<Reading> => {
      try {
        return await readOfLeader(requests, directory, leaderOf(wanted[0] as TopicPartition) as Broker, topics, wanted, limits);
      } catch (error) {
        directory.forget(wanted.map(({ topic }) => topic));
        throw kafkaErrorOf(error);
      }
    }),
  );
};

const NOBODY = "";
const addressOf = (broker: Broker | undefined): string => (broker === undefined ? NOBODY : `${broker.host}:${broker.port}`);

const isFull = ({ partitions, outOfRange }: Reading): boolean =>
  outOfRange.length > 0 || partitions.some(({ records }) => records.length > 0);

/** The first reading that has anything: waiting for another leader would hold it up. */
const firstFull = async (readings: readonly Promise<Reading>[]): Promise<Reading> => {
  const full = readings.map(async (reading) => {
    const read = await reading;
    return isFull(read) ? read : await Promise.reject(new Error("nothing yet"));
  });
  try {
    return await Promise.any(full);
  } catch {
    const settled = await Promise.allSettled(readings);
    const read = settled.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const failed = settled.find((outcome) => outcome.status === "rejected");
    if (read.length === 0 && failed !== undefined) throw failed.reason;
    return { partitions: read.flatMap(({ partitions }) => partitions), outOfRange: [], hasMoved: read.some(({ hasMoved }) => hasMoved) };
  }
};

const readOfLeader = async (
  requests: Requests,
  directory: Directory,
  leader: Broker,
  topics: ReadonlyMap<string, Topic>,
  offsets: readonly TopicPartitionOffset[],
  { maxBytes, waitMs }: ReadLimits,
): Promise<Reading> => {
  const options = { maxBytes, maxPartitionBytes: maxBytes, waitMs, readCommitted: false };
  const { partitions, failures } = await fetchFromLeader(requests, leader, topics, offsets, options);
  const outOfRange: TopicPartition[] = [];
  let hasMoved = false;
  for (const { at, error } of failures) {
    if (error.code === "out-of-range") outOfRange.push(at);
    // Led by another broker, or deleted: looked up again.
    else if (error.retryable || error.code === "unknown-topic") {
      directory.forget([at.topic]);
      hasMoved = true;
    } else throw error;
  }
  return { partitions, outOfRange, hasMoved };
};
