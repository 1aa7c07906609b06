import type { Log } from "../../environment/log.ts";
import { pause, systemTime, type Time } from "../../environment/time.ts";
import { createFailureLog } from "../../gateway/failure-log.ts";
import { makeDeclaredTopics } from "../../gateway/kafka/declared-topics.ts";
import { gatewayErrorOfKafka, messageOf } from "../../gateway/kafka/errors.ts";
import { createTopics } from "../../gateway/kafka/topics.ts";
import { openCluster } from "../../kafka/cluster.ts";
import { createDirectory, type Directory } from "../../kafka/directory.ts";
import { kafkaErrorOf } from "../../kafka/errors.ts";
import { KafkaError, type KafkaErrorCode } from "../../kafka/kafka-error.ts";
import type { NewRecord } from "../../kafka/pending-record.ts";
import { ProduceError } from "../../kafka/produce-error.ts";
import { createKafkaProducer, type KafkaProducer } from "../../kafka/producer.ts";
import { MAX_PRODUCE_BYTES, MAX_PRODUCE_RECORDS } from "../../protocol/limits.ts";
import type { ProducerRecord, RecordMetadata } from "../../protocol/kafka-record.ts";
import type { ProduceFailure, ProduceOutcome, Producer } from "../../worker/producer.ts";
import type { RequestLogConfig } from "./config.ts";

export type OpenedKafkaProducer = {
  readonly producer: Producer;
  /** Waits for what is under way, then lets go of the connections. */
  close(): Promise<void>;
};

/**
 * Makes the topics that are missing on a cluster, and produces to it.
 * @throws KafkaError if the cluster cannot be reached, or a topic is not there and cannot be made
 */
export const openKafkaProducer = async (
  { connection, topics: declared, replicas }: Extract<RequestLogConfig, { kind: "kafka" }>,
  log: Pick<Log, "info" | "warn" | "error">,
): Promise<OpenedKafkaProducer> => {
  const cluster = openCluster(connection);
  const directory = createDirectory(cluster.requests, systemTime);
  try {
    await cluster.reach();
    const topics = createTopics({ cluster, directory, time: systemTime, replicas, partitionsOnDemand: undefined });
    await makeDeclaredTopics(declared, { topics, log });
  } catch (error) {
    await cluster.close();
    throw error;
  }
  const producer = createKafkaProducer(connection);
  return {
    producer: kafkaProducer({ producer, directory, log }),
    async close() {
      await producer.close();
      await cluster.close();
    },
  };
};

type KafkaProducerOptions = {
  readonly producer: Pick<KafkaProducer, "produce">;
  readonly directory: Pick<Directory, "find">;
  readonly log: Pick<Log, "warn" | "error">;
  readonly time?: Time;
};

/** Produces to a cluster by Kafka's own protocol. */
export const kafkaProducer = ({ producer, directory, log, time = systemTime }: KafkaProducerOptions): Producer => {
  const logFailure = createFailureLog(log, time);

  const outcomeOf = (result: RecordMetadata | KafkaError): ProduceOutcome =>
    result instanceof KafkaError ? { outcome: FAILURES[result.code], detail: messageOf(result) } : { outcome: "stored", metadata: result };

  return {
    name: "kafka",
    limits: { maxBatchRecords: MAX_PRODUCE_RECORDS, maxBatchBytes: MAX_PRODUCE_BYTES },

    async produce(records, deadline) {
      try {
        return (await producer.produce(records.map(bytesOf), { timeoutMs: Math.max(deadline - time.now(), 0) })).map(outcomeOf);
      } catch (error) {
        const failure = kafkaErrorOf(error);
        if (FAILURES[failure.code] !== "rejected") logFailure(gatewayErrorOfKafka(failure), "produce");
        return failure instanceof ProduceError ? failure.outcomes.map(outcomeOf) : records.map(() => outcomeOf(failure));
      }
    },

    async check(topics, deadline) {
      const late = pause(time, Math.max(deadline - time.now(), 0)).then(() => {
        throw new KafkaError("unavailable", "it did not answer in time");
      });
      try {
        const found = await Promise.race([directory.find(topics), late]);
        return topics
          .filter((topic) => !found.has(topic))
          .map((topic) => `Topic ${topic} does not exist. Create it, or add it to GATEWAY_TOPICS.`);
      } catch (error) {
        return [kafkaErrorOf(error).message];
      }
    },
  };
};

/** What a failure means for a record. What somebody must mend first would fail again, so the caller is not told to try again. */
const FAILURES: Readonly<Record<KafkaErrorCode, ProduceFailure>> = {
  unavailable: "unavailable",
  unknown: "unknown",
  unexpected: "unknown",
  "unknown-topic": "rejected",
  "topic-exists": "rejected",
  unauthorized: "rejected",
  "too-large": "rejected",
  rejected: "rejected",
  "out-of-range": "rejected",
  rebalanced: "rejected",
  misconfigured: "rejected",
};

const bytesOf = ({ topic, key, value, headers }: ProducerRecord): NewRecord => ({
  topic,
  key: key === undefined ? undefined : Buffer.from(key),
  value: Buffer.from(value),
  headers: headers.map(({ key, value }) => [Buffer.from(key), Buffer.from(value)] as const),
});
