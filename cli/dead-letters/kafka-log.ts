import { pause, systemTime, type Time } from "../../environment/time.ts";
import { openCluster } from "../../kafka/cluster.ts";
import type { KafkaConnection } from "../../kafka/config.ts";
import { createDirectory } from "../../kafka/directory.ts";
import { kafkaErrorOf } from "../../kafka/errors.ts";
import { fetchFromLeader } from "../../kafka/fetch.ts";
import { KafkaError } from "../../kafka/kafka-error.ts";
import { createLogOffsets } from "../../kafka/log-offsets.ts";
import { createKafkaProducer } from "../../kafka/producer.ts";
import type { FetchedPartition, FetchedRecord } from "../../kafka/record-batches.ts";
import type { ConsumerRecord } from "../../protocol/kafka-record.ts";
import type { TopicPartition, TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { type DeadLetterLog, LogError } from "../../worker/dead-letters/log.ts";

/** One partition is read at a time, so this much is in memory. The broker waits for nothing: what is read is there already. */
const FETCH = { waitMs: 100, maxBytes: 4 * 1024 * 1024, maxPartitionBytes: 4 * 1024 * 1024, readCommitted: true } as const;
/** A change of leader takes no longer. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 200;

/** The dead letters on a cluster, as bytes. It connects when it is first needed. */
export const kafkaLog = (connection: KafkaConnection, time: Time = systemTime): DeadLetterLog => {
  const cluster = openCluster(connection);
  const fetching = cluster.connect();
  const producer = createKafkaProducer(connection, time);
  const directory = createDirectory(cluster.requests, time);
  const logOffsets = createLogOffsets(cluster.requests, directory, time);

  /** Reads on from an offset; where that is not kept any more, from the first one that is. */
  const fetchOnce = async (from: TopicPartitionOffset): Promise<FetchedPartition> => {
    const topics = await directory.find([from.topic]);
    const leader = topics.get(from.topic)?.leaders[from.partition];
    if (leader === undefined) throw new KafkaError("unavailable", `nobody leads ${from.topic}-${from.partition}`);
    const { partitions, failures } = await fetchFromLeader(fetching.requests, leader, topics, [from], FETCH);
    const [fetched] = partitions;
    if (fetched !== undefined) return fetched;
    const failure = failures[0]?.error ?? new KafkaError("unavailable", "an answer left out the partition");
    if (failure.code !== "out-of-range") throw failure;
    const [beginning] = await logOffsets("earliest", [from]);
    if (beginning === undefined || beginning.offset <= from.offset) throw failure;
    return { ...from, records: [], next: beginning.offset, end: beginning.offset };
  };

  const fetch = async (from: TopicPartitionOffset): Promise<FetchedPartition> => {
    for (const until = time.now() + PATIENCE_MS; ;) {
      try {
        return await fetchOnce(from);
      } catch (error) {
        const failure = kafkaErrorOf(error);
        if (!failure.retryable || time.now() >= until) throw failure;
        directory.forget([from.topic]);
        await pause(time, PAUSE_MS);
      }
    }
  };

  return {
    ranges: (topics, since) =>
      translated(async () => {
        await cluster.reach();
        const found = await directory.find(topics);
        const partitions = topics.flatMap((topic) => (found.get(topic)?.leaders ?? []).map((_, partition) => ({ topic, partition })));
        if (partitions.length === 0) return [];
        // The end first: what comes in between is left to the next call.
        const ends = await logOffsets("latest", partitions);
        const starts = await logOffsets(since ?? "earliest", partitions);
        return partitions.map((at, index) => ({ ...at, start: starts[index]?.offset ?? 0, end: ends[index]?.offset ?? 0 }));
      }),
    async *records({ topic, partition, start, end }) {
      for (let offset = start; offset < end;) {
        const { records, next } = await translated(() => fetch({ topic, partition, offset }));
        for (const record of records) if (record.offset < end) yield consumerRecord({ topic, partition }, record);
        // A transaction that has not ended hides what is behind it.
        if (next <= offset) return;
        offset = next;
      }
    },
    append: ({ topic, partition, key, value, headers }) =>
      translated(async () => {
        const pairs = headers.map((header) => [Buffer.from(header.key), Buffer.from(header.value)] as const);
        await producer.produce([
          { topic, partition, ...(key === undefined ? {} : { key: Buffer.from(key) }), value: Buffer.from(value), headers: pairs },
        ]);
      }),
    async close() {
      await Promise.allSettled([producer.close(), fetching.close()]);
      await cluster.close().catch(() => {});
    },
  };
};

const translated = async <T>(run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    const { message, retryable, code } = kafkaErrorOf(error);
    throw new LogError(message, { retryable: retryable || code === "unknown", cause: error });
  }
};

const consumerRecord = ({ topic, partition }: TopicPartition, { headers, ...record }: FetchedRecord): ConsumerRecord => ({
  topic,
  partition,
  ...record,
  headers: headers.map(([name, value]) => ({ key: name?.toString() ?? "", value })),
});
