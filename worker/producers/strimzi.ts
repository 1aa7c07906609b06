import { textToBase64 } from "../../protocol/base64.ts";
import { MAX_PRODUCE_BYTES, MAX_PRODUCE_RECORDS } from "../../protocol/limits.ts";
import { type ProducerRecord, toStructured } from "../../protocol/kafka-record.ts";
import type { Producer } from "../producer.ts";
import { memberOf } from "./proxy-response.ts";
import { createBatchProducer, type Dialect } from "./batch-producer.ts";
import { readOffsets } from "./offset-results.ts";
import { createProxyConnection, type ProxyConnection, type ProxyOptions } from "./proxy-connection.ts";
import { checkTopics, notThis, problemOf, readTopicNames } from "./topic-check.ts";

/** The bridge compares it letter by letter, and refuses it with a charset. */
const TEXT = "application/vnd.kafka.text.v2+json";
const PRODUCT = "version 0.28 or newer of the Strimzi Kafka Bridge";

/** Produces through the Strimzi Kafka Bridge, in its text format: keys and values as they are, headers in base64. */
export const strimziProducer = (options: ProxyOptions): Producer => {
  const connection = createProxyConnection(options, "/topics");
  return createBatchProducer({
    name: "strimzi",
    limits: { maxBatchRecords: MAX_PRODUCE_RECORDS, maxBatchBytes: MAX_PRODUCE_BYTES },
    connection,
    dialect: STRIMZI,
    check: (topics, deadline) => check(connection, topics, deadline),
  });
};

const pathOf = (topic: string): string => `/topics/${encodeURIComponent(topic)}`;

export const STRIMZI: Dialect = {
  contentType: TEXT,
  path: pathOf,
  encode(record) {
    // The bridge refuses a header without a value.
    const { key, value, headers } = record.headers.every((header) => header.value !== "") ? record : toStructured(record);
    return { key, value, headers: headers.map(toHeader) };
  },
  body: (records) => ({ records }),
  read: (answer, records) => readOffsets(answer, records, failureOfCode),
};

const toHeader = ({ key, value }: ProducerRecord["headers"][number]) => ({ key, value: textToBase64(value) });

/**
 * The bridge has two codes for a record. 404: it found no such topic or partition in Kafka's metadata, or no Kafka, so it sent nothing.
 * 500: anything else, before or after sending.
 */
const failureOfCode = (code: number) => (code === 404 ? "unavailable" : "unknown");

const check = async (connection: ProxyConnection, topics: readonly string[], deadline: number): Promise<readonly string[]> => {
  const problems = await checkTopics({ connection, product: PRODUCT, read: readTopicNames }, topics, deadline);
  const [topic] = topics;
  if (problems.length > 0 || topic === undefined) return problems;
  // Other proxies list topics the same way. A call without records stores nothing, and shows whether the proxy takes text.
  const answer = await connection.post(pathOf(topic), TEXT, { records: [] }, deadline);
  const asked = `POST ${pathOf(topic)} without records`;
  const problem = problemOf(typeof answer === "string" ? undefined : answer, asked, PRODUCT);
  if (problem !== undefined) return [problem];
  return typeof answer !== "string" && Array.isArray(memberOf(answer.body, "offsets")) ? [] : [notThis(asked, PRODUCT)];
};
