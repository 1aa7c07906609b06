import type { TopicPartitionOffset } from "../protocol/topic-partition.ts";
import type { Topic } from "./directory.ts";
import { errorOfCode } from "./errors.ts";
import type { KafkaError } from "./kafka-error.ts";
import { type Requests, wholeAnswer } from "./library.ts";
import { type Broker, byTopic, type FetchResponse } from "./protocol.ts";
import { type FetchedPartition, readBatches } from "./record-batches.ts";

export type FetchOptions = {
  /** Of one answer; a broker sends one whole batch at least. */
  readonly maxBytes: number;
  /** Of one partition. */
  readonly maxPartitionBytes: number;
  /** How long the broker may wait for a first record. */
  readonly waitMs: number;
  /** Whether records of transactions are left out that were aborted, or have not ended yet. */
  readonly readCommitted: boolean;
};

export type Fetched = {
  readonly partitions: readonly FetchedPartition[];
  /** What the broker said of the other partitions. */
  readonly failures: readonly { readonly at: TopicPartitionOffset; readonly error: KafkaError }[];
};

/** Values of Kafka's protocol: any number of bytes will do, and the rest is not used. */
const FETCH = { minBytes: 1, noSession: 0, noSessionEpoch: -1, noEpoch: -1, noRack: "" } as const;
const ISOLATION = { readUncommitted: 0, readCommitted: 1 } as const;
/** The last version of the request that names topics by their names; later ones use their IDs. */
const LAST_WITH_NAMES = 12;

/**
 * Fetches from the broker that leads all of these partitions.
 * @param requests of connections of their own, as the broker may wait
 * @param topics of all the partitions
 * @throws KafkaError if the fetch failed as a whole, or whatever the library throws
 */
export const fetchFromLeader = async (
  requests: Requests,
  leader: Broker,
  topics: ReadonlyMap<string, Topic>,
  offsets: readonly TopicPartitionOffset[],
  { maxBytes, maxPartitionBytes, waitMs, readCommitted }: FetchOptions,
): Promise<Fetched> => {
  const hasNames = (await requests.versionOf("Fetch")) <= LAST_WITH_NAMES;
  const idOf = (topic: string): string => (hasNames ? topic : (topics.get(topic)?.id ?? ""));
  const asked = byTopic(offsets, ({ partition, offset }) => ({
    partition,
    currentLeaderEpoch: FETCH.noEpoch,
    fetchOffset: BigInt(offset),
    lastFetchedEpoch: FETCH.noEpoch,
    partitionMaxBytes: maxPartitionBytes,
  })).map(({ name, partitions }) => ({ topicId: idOf(name), partitions }));
  const { responses, errorCode } = await wholeAnswer(
    requests.ask<FetchResponse>(
      leader,
      "Fetch",
      waitMs,
      FETCH.minBytes,
      maxBytes,
      readCommitted ? ISOLATION.readCommitted : ISOLATION.readUncommitted,
      FETCH.noSession,
      FETCH.noSessionEpoch,
      asked,
      [],
      FETCH.noRack,
    ),
  );
  if (errorCode !== 0) throw errorOfCode(errorCode, "a fetch");
  const answers = new Map(
    responses.flatMap(({ topicId, partitions }) => partitions.map((answer) => [`${topicId}/${answer.partitionIndex}`, answer] as const)),
  );
  const partitions: FetchedPartition[] = [];
  const failures: Fetched["failures"][number][] = [];
  for (const at of offsets) {
    const answer = answers.get(`${idOf(at.topic)}/${at.partition}`);
    if (answer === undefined) continue;
    if (answer.errorCode === 0) partitions.push(readBatches(at, answer, { readCommitted }));
    else failures.push({ at, error: errorOfCode(answer.errorCode, JSON.stringify(`${at.topic}-${at.partition}`)) });
  }
  return { partitions, failures };
};
