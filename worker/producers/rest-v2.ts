import { textToBase64 } from "../../protocol/base64.ts";
import { toStructured } from "../../protocol/kafka-record.ts";
import { MAX_PRODUCE_RECORDS } from "../../protocol/limits.ts";
import type { ProduceFailure, Producer } from "../producer.ts";
import { errorTextOf, failureOfStatus, memberOf, statusInCode } from "./proxy-response.ts";
import { createBatchProducer, type Dialect } from "./batch-producer.ts";
import { readOffsets } from "./offset-results.ts";
import { readPartitions } from "./partition-results.ts";
import { createProxyConnection, type ProxyOptions } from "./proxy-connection.ts";
import { checkTopics, readTopicNames } from "./topic-check.ts";

/**
 * Produces over Confluent's REST API v2: Karapace, Redpanda's HTTP Proxy, Confluent REST Proxy. Keys without JSON quotes must be base64.
 * The API has no headers, so events travel in structured mode.
 */
export const restV2Producer = (options: ProxyOptions): Producer => {
  const connection = createProxyConnection(options, "/topics");
  return createBatchProducer({
    name: "rest-v2",
    // Karapace takes bodies of 1 MiB, and base64 makes four bytes of three.
    limits: { maxBatchRecords: MAX_PRODUCE_RECORDS, maxBatchBytes: 700 * 1024 },
    connection,
    dialect: REST_V2,
    check: (topics, deadline) => checkTopics({ connection, product: "a proxy of the REST API v2", read: readTopicNames }, topics, deadline),
  });
};

export const REST_V2: Dialect = {
  contentType: "application/vnd.kafka.binary.v2+json",
  path: (topic) => `/topics/${encodeURIComponent(topic)}`,
  encode: (record) => ({
    ...(record.key === undefined ? {} : { key: textToBase64(record.key) }),
    value: textToBase64(toStructured(record).value),
  }),
  body: (records) => ({ records }),
  read: (answer, records) => (isOfRecords(answer.body) ? readOffsets : readPartitions)(answer, records, failureOfCode),
  judge: ({ status, body }) => (isKarapaceWithoutKafka(status, body) ? "unavailable" : undefined),
};

/** Karapace and Confluent return an entry for each record, beside schema IDs that may be null. Redpanda returns an entry for each partition, and nothing else. */
const isOfRecords = (body: unknown): boolean => memberOf(body, "value_schema_id") !== undefined;

/**
 * Redpanda returns Kafka's own codes. With these Kafka refuses the record or its caller:
 * MESSAGE_TOO_LARGE, INVALID_TOPIC, RECORD_LIST_TOO_LARGE, TOPIC_ and CLUSTER_AUTHORIZATION_FAILED, POLICY_VIOLATION, INVALID_RECORD.
 */
const REFUSED_BY_KAFKA = new Set([10, 17, 18, 29, 31, 44, 87]);
const UNKNOWN_TOPIC_OR_PARTITION = 3;

/**
 * Confluent writes an HTTP status and two digits. Karapace has 1 and, for what Kafka calls retriable, 2: both may come after
 * the record was sent, so they prove nothing. Nor do Kafka's other codes, because a proxy that repeats a send reports only the last one.
 */
const failureOfCode = (code: number): ProduceFailure => {
  if (REFUSED_BY_KAFKA.has(code)) return "rejected";
  if (code === UNKNOWN_TOPIC_OR_PARTITION) return "unavailable";
  return failureOfStatus(statusInCode(code));
};

/** Karapace returns 403 without a code for wrong credentials, and also while it cannot reach Kafka. Either way it has stored nothing. */
const isKarapaceWithoutKafka = (status: number, body: unknown): boolean =>
  status === 403 && errorTextOf(body) !== undefined && memberOf(body, "error_code") === undefined;
