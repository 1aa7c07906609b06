import { systemTime, type Time } from "../../environment/time.ts";
import { openCluster } from "../../kafka/cluster.ts";
import type { KafkaConnection } from "../../kafka/config.ts";
import { createDirectory } from "../../kafka/directory.ts";
import { kafkaErrorOf } from "../../kafka/errors.ts";
import { createGroupRequests } from "../../kafka/group-requests.ts";
import { KafkaError } from "../../kafka/kafka-error.ts";
import { createLogOffsets } from "../../kafka/log-offsets.ts";
import { createKafkaProducer } from "../../kafka/producer.ts";
import { type TopicPartition, topicPartitionKey } from "../../protocol/topic-partition.ts";
import type { ConsumerObserver } from "../observe/observer.ts";
import { createOutageLog } from "../outage-log.ts";
import { type OnAssigned, type OnRevoked, type OutgoingRecord, type Source, SourceError } from "../source.ts";
import { createGroupCommits } from "./kafka/group-commits.ts";
import { createMembership, type MembershipOptions } from "./kafka/membership.ts";
import { createPositions, type Position } from "./kafka/positions.ts";
import { createReader } from "./kafka/reader.ts";
import { createRetry } from "./retry.ts";

export type KafkaSourceOptions = Pick<
  MembershipOptions,
  "group" | "instance" | "topics" | "log" | "heartbeatIntervalMs" | "sessionTimeoutMs"
> & {
  readonly connection: KafkaConnection;
  /** Called for each partition that was asked for records, also if there were none. */
  readonly onRead?: ConsumerObserver["read"] | undefined;
  readonly onAssigned?: OnAssigned | undefined;
  readonly time?: Time;
  readonly random?: () => number;
};

/** Errors that do not pass without help. The process ends and says what to change. */
const FATAL: ReadonlySet<string> = new Set<KafkaError["code"]>(["misconfigured", "unauthorized"]);
/** A record that Kafka would refuse again. */
const REFUSED_RECORD: ReadonlySet<string> = new Set<KafkaError["code"]>(["too-large", "rejected"]);

const RECOVERED = "Kafka can be used again";

const describe = (error: unknown): string => kafkaErrorOf(error).message;
const isFatal = (error: unknown): boolean => error instanceof SourceError || FATAL.has(kafkaErrorOf(error).code);
const toSourceError = (error: unknown): SourceError =>
  error instanceof SourceError ? error : new SourceError(describe(error), { retryable: false, cause: error });

/** Consumes from Kafka itself, as a member of a consumer group. Keys, values and headers are bytes. */
export const kafkaSource = (options: KafkaSourceOptions): Source => {
  const { connection, group, topics, log, time = systemTime, random } = options;
  const outages = createOutageLog(log, RECOVERED);
  const retryOptions = { log: outages, subject: "Kafka", describe, time, random };
  const retry = createRetry(retryOptions);
  const retryUnlessFatal = createRetry({ ...retryOptions, isFatal });
  const closing = new AbortController();
  const over = new AbortController();
  const held = new Map<string, Position>();
  let heldPositions: readonly Position[] = [];
  let onRevoked: OnRevoked = async () => {};

  const cluster = openCluster(connection);
  const joining = cluster.connect();
  const fetching = cluster.connect();
  const producer = createKafkaProducer(connection, time);
  const directory = createDirectory(cluster.requests, time);
  const groups = createGroupRequests(cluster.requests, time);
  const positions = createPositions(group, groups, createLogOffsets(cluster.requests, directory, time));

  const leaveOut = (partition: TopicPartition, isPaused: boolean): void => {
    const position = held.get(topicPartitionKey(partition));
    if (position === undefined) return;
    position.isPaused = isPaused;
    reader.wake();
  };

  const hold = (change: () => void): void => {
    change();
    heldPositions = [...held.values()];
    reader.wake();
    options.onAssigned?.(heldPositions);
  };

  const onAssigned = async (partitions: readonly TopicPartition[]): Promise<void> => {
    const found = await retry("finding where to go on", () => positions.resume(partitions), closing.signal);
    const assigned = new Set(partitions);
    hold(() => {
      for (const position of found ?? []) {
        // The partition may have gone meanwhile, and even come back: then others may have committed more.
        const owned = membership.owned(position);
        if (owned !== undefined && assigned.has(owned)) held.set(topicPartitionKey(position), position);
      }
    });
  };

  const onOutOfRange = async (position: Position): Promise<void> => {
    const from = position.next;
    position.next = (await retry("finding where a partition begins", () => positions.beginning(position), closing.signal)) ?? from;
    const { topic, partition, next } = position;
    log.error({ topic, partition, offset: from, next }, "records were deleted before they were read");
  };

  const membership = createMembership({
    ...options,
    requests: joining.requests,
    groups,
    directory,
    retry: retryUnlessFatal,
    time,
    onAssigned: (partitions) => void onAssigned(partitions),
    onRevoked(partitions, signal) {
      hold(() => {
        for (const partition of partitions) held.delete(topicPartitionKey(partition));
      });
      return onRevoked(partitions, signal);
    },
    onEnded: (error) => over.abort(toSourceError(error)),
  });
  const reader = createReader({
    topics,
    requests: fetching.requests,
    directory,
    positions: () => heldPositions,
    onRead: options.onRead ?? (() => {}),
    onOutOfRange,
    retry,
    outages,
    time,
    random,
  });

  const findTopics = async (): Promise<void> => {
    await cluster.reach();
    directory.forget(topics);
    const found = await directory.find(topics);
    const missing = topics.find((topic) => !found.has(topic));
    if (missing !== undefined) throw new KafkaError("unknown-topic", JSON.stringify(missing));
  };

  const commits = createGroupCommits({
    membership,
    commit: (identity, offsets) => groups.commit(options, identity, offsets),
    outages: createOutageLog(log, RECOVERED),
    time,
  });

  return {
    name: "kafka",
    group,
    async open(signal, whenRevoked) {
      onRevoked = whenRevoked;
      try {
        await retryUnlessFatal("finding its topics", findTopics, signal);
        await membership.join(signal);
      } catch (error) {
        throw toSourceError(error);
      }
    },
    async *records(signal) {
      yield* reader.records(AbortSignal.any([signal, over.signal]));
      if (!signal.aborted) throw over.signal.reason;
    },
    commit: commits.commit,
    pause: (partition) => leaveOut(partition, true),
    resume: (partition) => leaveOut(partition, false),
    async produce(record) {
      try {
        await producer.produce([toRecord(record)]);
      } catch (error) {
        const { code, message } = kafkaErrorOf(error);
        throw new SourceError(message, { retryable: !REFUSED_RECORD.has(code), cause: error });
      }
    },
    async close() {
      closing.abort();
      const closed = await Promise.allSettled([membership.leave(), producer.close(), fetching.close()]);
      for (const result of closed)
        if (result.status === "rejected")
          log.warn({ reason: describe(result.reason) }, "Kafka could not be told that this member has left");
      await Promise.allSettled([joining.close(), cluster.close()]);
    },
  };
};

const toRecord = ({ topic, key, value, headers }: OutgoingRecord) => ({
  topic,
  key: toBytes(key) ?? undefined,
  value: toBytes(value) ?? undefined,
  headers: headers.map((header) => [Buffer.from(header.key), toBytes(header.value)] as const),
});

const toBytes = (value: string | Uint8Array | null): Buffer | null => (value === null ? null : Buffer.from(value));
