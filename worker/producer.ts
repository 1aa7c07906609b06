import type { ProducerRecord, RecordMetadata } from "../protocol/kafka-record.ts";

/** Why a record is not known to be stored; see `ProduceOutcome`. */
export type ProduceFailure = "rejected" | "unavailable" | "unknown";

/**
 * What became of one record. `stored`: the proxy said so of this record, though it may not have said where. `rejected`: Kafka or the proxy refused it, sending it again is of no use. `unavailable`:
 * certainly not stored. `unknown`: it may be stored, nobody can tell.
 */
export type ProduceOutcome =
  | { readonly outcome: "stored"; readonly metadata: RecordMetadata | undefined }
  | { readonly outcome: ProduceFailure; readonly detail: string };

/** How long a request may take to be produced, from its arrival on; past it the caller is told that the outcome is unknown. */
export const PRODUCE_TIMEOUT_MS = 5_000;

/** What one call to the proxy may hold at most. */
export type BatchLimits = {
  readonly maxBatchRecords: number;
  /** Of keys, values and headers; what the wire makes of them is the driver's business. */
  readonly maxBatchBytes: number;
};

/** Produces through a Kafka REST proxy. */
export type Producer = {
  readonly name: string;
  readonly limits: BatchLimits;
  /**
   * Produces records within `limits`, those of one topic in one call to the proxy.
   * @param deadline milliseconds since 1970; past it the outcome of what is under way is `unknown`.
   * @returns one outcome a record, in their order. Never rejects.
   */
  produce(records: readonly ProducerRecord[], deadline: number): Promise<ProduceOutcome[]>;
  /**
   * Looks whether the proxy is the configured one, lets this caller in and knows the topics; stores nothing.
   * @param deadline milliseconds since 1970
   * @returns what is wrong, a sentence each with what to do; empty if requests can be produced. Never rejects.
   */
  check(topics: readonly string[], deadline: number): Promise<readonly string[]>;
};

/** UTF-16 units, which for JSON are close enough to bytes for a bound that is not exact. */
export const sizeOfRecord = ({ key, value, headers }: ProducerRecord): number =>
  key.length + value.length + headers.reduce((sum, header) => sum + header.key.length + header.value.length, 0);
