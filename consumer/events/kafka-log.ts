import { pause, systemTime, type Time } from "../../environment/time.ts";
import { openCluster, type OwnConnections } from "../../kafka/cluster.ts";
import type { KafkaConnection } from "../../kafka/config.ts";
import { createDirectory } from "../../kafka/directory.ts";
import { kafkaErrorOf } from "../../kafka/errors.ts";
import { fetchFromLeader } from "../../kafka/fetch.ts";
import { KafkaError } from "../../kafka/kafka-error.ts";
import { createLogOffsets } from "../../kafka/log-offsets.ts";
import type { NewRecord } from "../../kafka/pending-record.ts";
import { ProduceError } from "../../kafka/produce-error.ts";
import { createKafkaProducer } from "../../kafka/producer.ts";
import type { FetchedPartition } from "../../kafka/record-batches.ts";
import { readTopicSettings } from "../../kafka/topic-settings.ts";
import { MAX_PARTITION_BATCH_BYTES } from "../../protocol/limits.ts";
import type { TopicPartition, TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { consumerRecordOf } from "../fetched-record.ts";
import { unlessAborted } from "../waiting.ts";
import { appendInPieces } from "./append-in-pieces.ts";
import { AppendError, type EventLog, type NewEventRecord } from "./event-log.ts";
import { alterCommand, createCommand, EVENT_TOPIC_SETTINGS, faultsOfSettings } from "./event-topic-settings.ts";
import { requireWithin } from "./log-ends.ts";
import { readAhead } from "./read-ahead.ts";

export type KafkaLogOptions = { readonly connection: KafkaConnection; readonly time?: Time };

/** One batch of the producer. */
const PIECE = { bytes: MAX_PARTITION_BATCH_BYTES, records: 5_000 };
/** What one fetch brings is decoded in one go, so it is some milliseconds of work. The next one is on its way meanwhile. */
const FETCH_BYTES = 512 * 1024;
/** Aborted transactions are no concern of the rule that says which commits count. */
const FETCH = { maxBytes: FETCH_BYTES, maxPartitionBytes: FETCH_BYTES, readCommitted: false } as const;
/** Less than the client waits for an answer. */
const MOST_WAIT_MS = 25_000;
/** How long leaders are looked for while they change. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 100;

/** Events on Kafka itself. An append is answered once all in-sync replicas have it. */
export const kafkaLog = ({ connection, time = systemTime }: KafkaLogOptions): EventLog => {
  const cluster = openCluster(connection);
  const directory = createDirectory(cluster.requests, time);
  const logOffsets = createLogOffsets(cluster.requests, directory, time);
  const producer = createKafkaProducer(connection, time);
  const [broker = ""] = connection.brokers;
  const opened: OwnConnections[] = [];
  const free: OwnConnections[] = [];
  let isClosed = false;

  /** One fetch, on connections on which nothing else waits. */
  const fetch = async (from: TopicPartitionOffset, waitMs: number): Promise<FetchedPartition> => {
    const topics = await directory.find([from.topic]);
    const topic = topics.get(from.topic);
    if (topic === undefined) throw new KafkaError("unknown-topic", JSON.stringify(from.topic));
    const leader = topic.leaders[from.partition];
    if (leader === undefined) throw new KafkaError("unavailable", `nobody leads the partition ${from.partition} of ${from.topic}`);
    if (isClosed) throw new KafkaError("unavailable", "the log is closed");
    const connections = free.pop() ?? cluster.connect();
    if (!opened.includes(connections)) opened.push(connections);
    try {
      const { partitions, failures } = await fetchFromLeader(connections.requests, leader, topics, [from], { ...FETCH, waitMs });
      const [fetched] = partitions;
      if (fetched !== undefined) return fetched;
      throw failures[0]?.error ?? new KafkaError("unavailable", "an answer left out a partition");
    } finally {
      free.push(connections);
    }
  };

  const ends = async (partition: TopicPartition) => {
    const [[earliest], [latest]] = await Promise.all([logOffsets("earliest", [partition]), logOffsets("latest", [partition])]);
    return { first: earliest?.offset ?? 0, end: latest?.offset ?? 0 };
  };

  const fetchPatiently = async (from: TopicPartitionOffset, waitMs: number, signal: AbortSignal): Promise<FetchedPartition> => {
    for (const until = time.now() + PATIENCE_MS; ;) {
      try {
        return await fetch(from, waitMs);
      } catch (error) {
        const failure = kafkaErrorOf(error);
        directory.forget([from.topic]);
        if (failure.code === "out-of-range") requireWithin(from, await ends(from));
        else if (isClosed || !failure.retryable || time.now() >= until) throw failure;
        signal.throwIfAborted();
        await pause(time, PAUSE_MS, signal);
      }
    }
  };

  return {
    name: "kafka",
    async partitions(topics) {
      directory.forget(topics);
      return new Map([...(await directory.find(topics))].map(([name, { leaders }]) => [name, leaders.length]));
    },
    async faults(topic, partitions = 1) {
      directory.forget([topic]);
      if (!(await directory.find([topic])).has(topic))
        return [`There is no topic ${topic}. Make it: ${createCommand(broker, topic, partitions)}`];
      try {
        const settings = await readTopicSettings(cluster.requests, topic, Object.keys(EVENT_TOPIC_SETTINGS));
        return faultsOfSettings(topic, settings, (text) => `Set it: ${alterCommand(broker, topic, text)}`);
      } catch (error) {
        // Whoever may not ask sees only whether records are gone already.
        if (error instanceof KafkaError && error.code === "unauthorized") return [];
        throw error;
      }
    },
    ends,
    append: (to, records) =>
      appendInPieces(records, PIECE, async (piece) => {
        try {
          const stored = await producer.produce(piece.map((record) => toBytes(to, record)));
          return stored.map(({ offset }) => offset);
        } catch (error) {
          throw appendErrorOf(error);
        }
      }),
    read: readAhead(async (from, { waitMs, signal }) => {
      // A fetch that waits at a broker cannot be taken back: it ends later, and its connections are free again.
      const fetched = await unlessAborted(fetchPatiently(from, Math.min(waitMs, MOST_WAIT_MS), signal), signal);
      if (fetched === undefined) throw signal.reason;
      const { records, next, end } = fetched;
      return { records: records.map((record) => consumerRecordOf(from, record)), next, end: Math.max(next, end) };
    }),
    async close() {
      isClosed = true;
      await Promise.all([producer.close(), ...opened.map((connections) => connections.close())]);
      await cluster.close();
    },
  };
};

const toBytes = ({ topic, partition }: TopicPartition, { key, value, headers }: NewEventRecord): NewRecord => ({
  topic,
  partition,
  key: key === undefined ? undefined : Buffer.from(key),
  value: Buffer.from(value),
  headers: headers.map((header) => [Buffer.from(header.key), Buffer.from(header.value)] as const),
});

const REFUSED: ReadonlySet<string> = new Set<KafkaError["code"]>(["too-large", "rejected"]);
/** Not even foreseen: anything may have happened. */
const UNCERTAIN: ReadonlySet<string> = new Set<KafkaError["code"]>(["unknown", "unexpected"]);

const appendErrorOf = (error: unknown): AppendError => {
  const { code, message } = kafkaErrorOf(error, { mayHaveBeenStored: true });
  const isStoredInPart = error instanceof ProduceError && error.outcomes.some((outcome) => !(outcome instanceof KafkaError));
  if (isStoredInPart || UNCERTAIN.has(code)) return new AppendError("unknown", message, error);
  return new AppendError(REFUSED.has(code) ? "rejected" : "unavailable", message, error);
};
