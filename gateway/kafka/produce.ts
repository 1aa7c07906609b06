import { KafkaError } from "../../kafka/kafka-error.ts";
import type { NewRecord as KafkaRecord } from "../../kafka/pending-record.ts";
import { ProduceError } from "../../kafka/produce-error.ts";
import type { KafkaProducer } from "../../kafka/producer.ts";
import type { RecordMetadata } from "../../protocol/kafka-record.ts";
import type { Budget } from "../budgets.ts";
import type { NewRecord } from "../engine.ts";
import { GatewayError, type RecordResult } from "../gateway-error.ts";
import { gatewayErrorOfKafka, messageOf, STATUSES } from "./errors.ts";

/** A call is answered by then, whatever the cluster does. A change of leader takes less, and callers wait longer. */
const TIMEOUT_MS = 10_000;
/** How much memory a record takes while it is in flight, beside its bytes. */
const RECORD_BYTES = 1_024;

/** Stores records. @param queue bounds how many bytes are in flight @throws GatewayError with what became of each record */
export const produceRecords = async (
  producer: KafkaProducer,
  queue: Budget,
  records: readonly NewRecord[],
): Promise<readonly RecordMetadata[]> => {
  const bytesOfRecords = records.map(bytesOf);
  const bytes = bytesOfRecords.reduce((sum, record) => sum + sizeOf(record), 0);
  queue.take(bytes);
  try {
    return await producer.produce(bytesOfRecords, { timeoutMs: TIMEOUT_MS });
  } catch (error) {
    throw error instanceof ProduceError ? failureOf(error) : gatewayErrorOfKafka(error);
  } finally {
    queue.give(bytes);
  }
};

const bytesOf = ({ topic, partition, timestamp, key, value, headers }: NewRecord): KafkaRecord => ({
  topic,
  partition,
  timestampMs: timestamp,
  key: key === undefined ? undefined : Buffer.from(key),
  value: Buffer.from(value),
  headers: headers.map(({ key, value }) => [Buffer.from(key), Buffer.from(value)] as const),
});

const sizeOf = ({ key, value, headers = [] }: KafkaRecord): number =>
  headers.reduce(
    (bytes, [name, value]) => bytes + name.length + (value?.length ?? 0) + HEADER_BYTES,
    (key?.length ?? 0) + (value?.length ?? 0) + RECORD_BYTES,
  );
const HEADER_BYTES = 256;

/**
 * A cluster stores each partition's records on its own. If it stored none, the status says what to do, and `results` names the records to
 * blame. If it stored some, or may have, the status is 500, and `results` tells of each record whose fate is known.
 */
const failureOf = (error: ProduceError): GatewayError => {
  const failures = error.outcomes.filter((outcome) => outcome instanceof KafkaError);
  const isClear = failures.length === error.outcomes.length && failures.every(({ code }) => code !== "unknown");
  const results = error.outcomes.flatMap((outcome, index): RecordResult[] => {
    if (!(outcome instanceof KafkaError)) return [{ index, ...outcome }];
    return outcome.code === "unknown" ? [] : [{ index, status: STATUSES[outcome.code], error: messageOf(outcome) }];
  });
  if (!isClear)
    return new GatewayError(500, `${messageOf(error)} Some of the records were stored, or may have been.`, { cause: error, results });
  if (error.retryable) return gatewayErrorOfKafka(error);
  const fault = failures.find(({ retryable }) => !retryable) as KafkaError;
  // Those that could only not be sent are not to blame.
  const blamed = results.filter((_, index) => failures[index]?.retryable === false);
  return new GatewayError(STATUSES[fault.code], `${messageOf(fault)} Nothing was stored.`, { cause: fault, results: blamed });
};
