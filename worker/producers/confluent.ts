import { textToBase64 } from "../../protocol/base64.ts";
import { MAX_PRODUCE_BYTES } from "../../protocol/limits.ts";
import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import { failed, type ProduceOutcome, type Producer } from "../producer.ts";
import { errorTextOf, failureOfStatus, memberOf, statusInCode, type ProxyResponse } from "./proxy-response.ts";
import { createBatchProducer, type Dialect } from "./batch-producer.ts";
import { createProxyConnection, type ProxyConnection, type ProxyOptions } from "./proxy-connection.ts";
import { missingTopic, notThis, problemOf } from "./topic-check.ts";

type ConfluentProducerOptions = ProxyOptions & { readonly clusterId: string };

/** Produces over Confluent's REST API v3, `records:batch`: REST Proxy, Confluent Server and Confluent Cloud. */
export const confluentProducer = ({ clusterId, ...options }: ConfluentProducerOptions): Producer => {
  const cluster = `/v3/clusters/${encodeURIComponent(clusterId)}`;
  const connection = createProxyConnection(options, cluster);
  return createBatchProducer({
    name: "confluent",
    // The default of `produce.batch.maximum.entries`.
    limits: { maxBatchRecords: 10, maxBatchBytes: MAX_PRODUCE_BYTES },
    connection,
    dialect: createDialect(cluster),
    check: (topics, deadline) => check(connection, cluster, topics, deadline),
  });
};

const createDialect = (cluster: string): Dialect => ({
  contentType: "application/json",
  path: (topic) => `${cluster}/topics/${encodeURIComponent(topic)}/records:batch`,
  // Without a type, the proxy would look for a schema.
  encode: ({ key, value, headers }) => ({
    headers: headers.map(toHeader),
    ...(key === undefined ? {} : { key: { type: "STRING", data: key } }),
    value: { type: "STRING", data: value },
  }),
  body: (records) => ({ entries: records.map((record, index) => ({ id: String(index), ...record })) }),
  read: readEntries,
});

const toHeader = ({ key, value }: ProducerRecord["headers"][number]) => ({ name: key, value: textToBase64(value) });

/** `{"successes":[{"id","topic_name","partition_id","offset"}],"failures":[{"id","error_code","message"}]}`, in any order. */
const readEntries = ({ body }: ProxyResponse, records: readonly ProducerRecord[]): readonly (ProduceOutcome | undefined)[] => {
  const [successes, failures] = [memberOf(body, "successes"), memberOf(body, "failures")].map(entriesById) as [EntriesById, EntriesById];
  if (successes.size + failures.size === 0) return [];
  return records.map((record, index) => {
    const failure = failures.get(String(index));
    return failure === undefined ? readSuccess(successes.get(String(index)), record) : readFailure(failure);
  });
};

type EntriesById = ReadonlyMap<unknown, unknown>;

const entriesById = (entries: unknown): EntriesById =>
  new Map(Array.isArray(entries) ? entries.map((entry) => [memberOf(entry, "id"), entry]) : []);

const readSuccess = (entry: unknown, { topic }: ProducerRecord): ProduceOutcome => {
  const [partition, offset] = [memberOf(entry, "partition_id"), memberOf(entry, "offset")];
  if (Number.isInteger(partition) && Number.isInteger(offset))
    return { outcome: "stored", metadata: { topic, partition: partition as number, offset: offset as number } };
  return failed("unknown", "The Kafka REST proxy did not say what became of the record.");
};

/** 429 comes from the proxy itself, which then discards the record. 5xx, such as 50002 and 50003, may come after sending. */
const readFailure = (entry: unknown): ProduceOutcome => {
  const code = memberOf(entry, "error_code");
  const failure = typeof code === "number" ? failureOfStatus(statusInCode(code)) : "unknown";
  return failed(failure, `The Kafka REST proxy answered ${String(code)} for the record: ${errorTextOf(entry) ?? "no reason"}`);
};

const PRODUCT = "Confluent's REST API v3 (a URL without /v3, that of Confluent Cloud with /kafka at its end, and the ID of its cluster)";

const check = async (
  connection: ProxyConnection,
  cluster: string,
  topics: readonly string[],
  deadline: number,
): Promise<readonly string[]> => {
  const answer = await connection.get(cluster, deadline);
  const problem = problemOf(answer, `GET ${cluster}`, PRODUCT);
  if (problem !== undefined) return [problem];
  if (memberOf(answer?.body, "cluster_id") === undefined) return [notThis(`GET ${cluster}`, PRODUCT)];
  const found = await Promise.all(
    topics.map(async (topic) => {
      const path = `${cluster}/topics/${encodeURIComponent(topic)}`;
      const answer = await connection.get(path, deadline);
      return answer?.status === 404 ? missingTopic(topic) : problemOf(answer, `GET ${path}`, PRODUCT);
    }),
  );
  return found.filter((problem) => problem !== undefined);
};
