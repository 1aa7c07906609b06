import { MAX_PRODUCE_BYTES, MAX_PRODUCE_RECORDS } from "../../protocol/limits.ts";
import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import { failed, type ProduceOutcome, type Producer } from "../producer.ts";
import { failureOfStatus, memberOf, type ProxyResponse } from "./proxy-response.ts";
import { createBatchProducer, type Dialect } from "./batch-producer.ts";
import { basicAuthorization, createProxyConnection, type ProxyOptions } from "./proxy-connection.ts";
import { checkTopics } from "./topic-check.ts";

type UpstashProducerOptions = Omit<ProxyOptions, "authorization"> & { readonly username: string; readonly password: string };

/** Produces over the Upstash Kafka REST wire: `POST /produce` with an array of records for any topics. */
export const upstashProducer = ({ username, password, ...options }: UpstashProducerOptions): Producer => {
  const connection = createProxyConnection({ ...options, authorization: basicAuthorization(username, password) }, "/topics");
  return createBatchProducer({
    name: "upstash",
    limits: { maxBatchRecords: MAX_PRODUCE_RECORDS, maxBatchBytes: MAX_PRODUCE_BYTES },
    connection,
    dialect: UPSTASH,
    check: (topics, deadline) =>
      checkTopics({ connection, product: "a server of the Upstash Kafka REST API", read: readTopics }, topics, deadline),
  });
};

const UPSTASH: Dialect = {
  contentType: "application/json",
  path: () => "/produce",
  encode: (record) => record,
  body: (records) => records,
  read: (answer, records) => (answer.status === 200 ? readAllMetadata(answer.body, records) : readResults(answer, records)),
};

/** 200 is not success: the response must say where each record was stored, in their order. */
const readAllMetadata = (body: unknown, records: readonly ProducerRecord[]): (ProduceOutcome | undefined)[] =>
  Array.isArray(body) && body.length === records.length ? body.map(readMetadata) : [];

const readMetadata = (entry: unknown): ProduceOutcome | undefined => {
  const { topic, partition, offset } = (entry ?? {}) as Record<string, unknown>;
  if (typeof topic !== "string" || !Number.isInteger(partition) || !Number.isInteger(offset)) return undefined;
  return { outcome: "stored", metadata: { topic, partition: partition as number, offset: offset as number } };
};

/** An error may name the records that it concerns: `results: [{ index, error } | { index, topic, partition, offset }]`. */
const readResults = ({ status, body }: ProxyResponse, records: readonly ProducerRecord[]): (ProduceOutcome | undefined)[] => {
  const results = memberOf(body, "results");
  const outcomes: (ProduceOutcome | undefined)[] = records.map(() => undefined);
  for (const entry of Array.isArray(results) ? (results as readonly unknown[]) : []) {
    const [index, error] = [memberOf(entry, "index"), memberOf(entry, "error")];
    if (!Number.isInteger(index)) continue;
    // A record of a failed call that has an error of its own was not written.
    const failure = failureOfStatus(status) === "rejected" ? "rejected" : "unavailable";
    outcomes[index as number] = typeof error === "string" ? failed(failure, error) : readMetadata(entry);
  }
  return outcomes;
};

const readTopics = (body: unknown): readonly string[] | undefined =>
  typeof body === "object" && body !== null && !Array.isArray(body) && Object.values(body).every(Number.isInteger)
    ? Object.keys(body)
    : undefined;
