import { pause, systemTime, type Time } from "../../environment/time.ts";
import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import { MAX_PARTITION_BATCH_BYTES } from "../../protocol/limits.ts";
import { partitionOfKey } from "../../protocol/partitioner.ts";
import { type TopicPartition, topicPartitionKey } from "../../protocol/topic-partition.ts";
import { createBackoff } from "../backoff.ts";
import { AppendError, type EventLog, type NewEventRecord } from "../events/event-log.ts";
import type { OutageLog } from "../outage-log.ts";
import { type OneWayRequest, PolicyError, sizeOfRecord } from "./one-way-request.ts";

/** Sends requests, each to the partition of its ordering key, those of one key in their order. */
export type PolicySender = {
  /**
   * Resolves with true once all of them are stored, and tries for as long as that may succeed: some may be stored more than once, under one ID. False
   * if the signal aborted before.
   * @throws PolicyError if a request will never be stored
   */
  send(requests: readonly Sendable[], signal: AbortSignal): Promise<boolean>;
};

type Sendable = Pick<OneWayRequest, "id" | "record">;

type PolicySenderOptions = {
  readonly eventLog: Pick<EventLog, "partitions" | "append">;
  readonly outages: OutageLog;
  readonly time?: Time | undefined;
  readonly random?: (() => number) | undefined;
};

const RETRY = { firstMs: 100, mostMs: 10_000 };
/** The records of one append: as many as wait do not hold up the timers for long. */
const MAX_RECORDS = 500;
/** Somebody may give a topic more partitions. */
const TOPIC_KNOWN_MS = 60_000;

type Destination = TopicPartition & { readonly records: ProducerRecord[] };

export const createPolicySender = ({ eventLog, outages, time = systemTime, random }: PolicySenderOptions): PolicySender => {
  const topics = new Map<string, { readonly partitions: number; readonly at: number }>();

  const partitionsOf = async (topic: string): Promise<number> => {
    const known = topics.get(topic);
    if (known !== undefined && time.elapsed() - known.at < TOPIC_KNOWN_MS) return known.partitions;
    const partitions = (await eventLog.partitions([topic])).get(topic);
    if (partitions === undefined || partitions < 1)
      throw new Error(`Expected topic ${topic} to exist. Create it, or let the engine do it.`);
    topics.set(topic, { partitions, at: time.elapsed() });
    return partitions;
  };

  /** Undefined once the signal has aborted. */
  const untilDone = async <Result>(call: () => Promise<Result>, signal: AbortSignal): Promise<Result | undefined> => {
    const backoff = createBackoff({ ...RETRY, random });
    while (!signal.aborted) {
      try {
        const result = await call();
        outages.over();
        return result;
      } catch (error) {
        if (error instanceof AppendError && error.outcome === "rejected") throw error;
        const retryInMs = Math.round(backoff.nextMs());
        outages.warn({ reason: (error as Error).message, retryInMs }, "what policies send waits: it could not be stored");
        await pause(time, retryInMs, signal);
      }
    }
    return undefined;
  };

  const destinationsOf = async (requests: readonly Sendable[]): Promise<readonly Destination[]> => {
    const destinations = new Map<string, Destination>();
    for (const { id, record } of requests) {
      const { topic, key } = record;
      // Without a key, the ID chooses: a repeat goes where the first went.
      const partition = partitionOfKey(Buffer.from(key ?? id), await partitionsOf(topic));
      const at = topicPartitionKey({ topic, partition });
      const destination = destinations.get(at) ?? { topic, partition, records: [] };
      destinations.set(at, destination);
      destination.records.push(record);
    }
    return [...destinations.values()];
  };

  const append = async (to: TopicPartition, records: readonly ProducerRecord[], signal: AbortSignal): Promise<boolean> => {
    try {
      return (await untilDone(() => eventLog.append(to, records.map(withoutTopic)), signal)) !== undefined;
    } catch (cause) {
      const [first] = records;
      if (records.length === 1 && first !== undefined)
        throw new PolicyError(`Expected ${to.topic} to take what a policy sends, but it was refused: ${(cause as Error).message}`, {
          cause,
        });
      for (const record of records) if (!(await append(to, [record], signal))) return false;
      return true;
    }
  };

  return {
    async send(requests, signal) {
      if (requests.length === 0) return true;
      const destinations = await untilDone(() => destinationsOf(requests), signal);
      if (destinations === undefined) return false;
      const sent = await Promise.allSettled(
        destinations.map(async ({ records, ...to }) => {
          for (const chunk of chunksOf(records)) if (!(await append(to, chunk, signal))) return false;
          return true;
        }),
      );
      for (const one of sent) if (one.status === "rejected") throw one.reason;
      return sent.every((one) => one.status === "fulfilled" && one.value);
    },
  };
};

const withoutTopic = ({ key, value, headers }: ProducerRecord): NewEventRecord => ({ key, value, headers });

const chunksOf = (records: readonly ProducerRecord[]): readonly (readonly ProducerRecord[])[] => {
  const chunks: ProducerRecord[][] = [];
  let bytes = 0;
  for (const record of records) {
    const size = sizeOfRecord(record);
    const last = chunks.at(-1);
    if (last === undefined || last.length === MAX_RECORDS || bytes + size > MAX_PARTITION_BATCH_BYTES) {
      chunks.push([record]);
      bytes = size;
    } else {
      last.push(record);
      bytes += size;
    }
  }
  return chunks;
};
