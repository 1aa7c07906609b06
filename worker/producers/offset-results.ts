import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import { failed, type ProduceFailure, type ProduceOutcome } from "../producer.ts";
import { errorTextOf, memberOf, type ProxyResponse } from "./proxy-response.ts";

/**
 * Reads `{"offsets":[{"partition","offset"} | {"error_code","error" or "message"}]}`, one entry for each record in their order, under any
 * status.
 * @param failureOfCode what an entry's error code says about its record
 */
export const readOffsets = (
  { body }: ProxyResponse,
  records: readonly ProducerRecord[],
  failureOfCode: (code: number) => ProduceFailure,
): readonly (ProduceOutcome | undefined)[] => {
  const entries = memberOf(body, "offsets");
  if (!Array.isArray(entries)) return [];
  // If the numbers differ, nobody can tell which entry belongs to which record.
  const isComplete = entries.length === records.length;
  return records.map((record, index) => readEntry(isComplete ? entries[index] : undefined, record, failureOfCode));
};

/** What one entry says. */
export const readEntry = (entry: unknown, { topic }: ProducerRecord, failureOfCode: (code: number) => ProduceFailure): ProduceOutcome => {
  const { partition, offset, error_code: code } = (entry ?? {}) as Record<string, unknown>;
  if (typeof code === "number" && code !== 0)
    return failed(failureOfCode(code), `The Kafka REST proxy answered ${code} for the record: ${errorTextOf(entry) ?? "no reason"}`);
  // Karapace says offset -1 where it does not know.
  if (Number.isInteger(partition) && Number.isInteger(offset) && (offset as number) >= 0)
    return { outcome: "stored", metadata: { topic, partition: partition as number, offset: offset as number } };
  return failed("unknown", "The Kafka REST proxy did not say what became of the record.");
};
