import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import { failed, type ProduceFailure, type ProduceOutcome } from "../producer.ts";
import { memberOf, type ProxyResponse } from "./proxy-response.ts";
import { readEntry } from "./offset-results.ts";

/**
 * Reads `offsets` of a proxy that batches the records of each partition and returns one entry for each partition, in any order, with
 * the offset of its first record. It does not say which record went to which partition.
 */
export const readPartitions = (
  { body }: ProxyResponse,
  records: readonly ProducerRecord[],
  failureOfCode: (code: number) => ProduceFailure,
): readonly (ProduceOutcome | undefined)[] => {
  const entries = memberOf(body, "offsets");
  const [first] = records;
  if (!Array.isArray(entries) || entries.length === 0 || first === undefined) return [];
  const results = entries.map((entry) => readEntry(entry, first, failureOfCode));
  if (results.every(({ outcome }) => outcome === "stored")) return records.map((record, index) => metadataOf(results, record, index));
  const [failure] = results;
  // Some were stored and some were not, or for different reasons: nobody can say which.
  const isCommon = failure?.outcome !== "stored" && results.every(({ outcome }) => outcome === failure?.outcome);
  return records.map(() =>
    isCommon ? failure : failed("unknown", "The Kafka REST proxy did not say which of several records it stored."),
  );
};

/** In a single partition the records follow one another. */
const metadataOf = (results: readonly ProduceOutcome[], { topic }: ProducerRecord, index: number): ProduceOutcome => {
  const [only] = results;
  const first = results.length === 1 && only?.outcome === "stored" ? only.metadata : undefined;
  return { outcome: "stored", metadata: first && { ...first, topic, offset: first.offset + index } };
};
