import type { ProducerRecord, RecordMetadata } from "../protocol/kafka-record.ts";

/** Why a record is not known to be stored; see `ProduceOutcome`. */
export type ProduceFailure = "rejected" | "unavailable" | "unknown";

/**
 * What became of one record. `stored`: the proxy confirmed this record, though perhaps not where it is. `rejected`: Kafka or the proxy refused
 * it, and would again. `unavailable`: certainly not stored. `unknown`: it may be stored or not.
 */
export type ProduceOutcome =
  | { readonly outcome: "stored"; readonly metadata: RecordMetadata | undefined }
  | { readonly outcome: ProduceFailure; readonly detail: string };

/** The outcome of a record that is not known to be stored, with a sentence for its caller. */
export const failed = (outcome: ProduceFailure, detail: string): ProduceOutcome => ({ outcome, detail });

/** How long producing a request may take, from its arrival; after that the caller hears that the outcome is unknown. */
export const PRODUCE_TIMEOUT_MS = 5_000;

/** What one call may hold at most, and how many may be under way. */
type BatchLimits = {
  readonly maxBatchRecords: number;
  /** Of keys, values and headers, before the driver encodes them for its wire. */
  readonly maxBatchBytes: number;
  /**
   * With fewer calls than this under way, records are sent at once; otherwise they collect. Absent: as suits whoever pays for each call
   * (`PRODUCE_LIMITS`). A driver that makes batches itself may ask for more.
   */
  readonly eagerCalls?: number;
  /** The most calls under way. Not less than `eagerCalls`. */
  readonly maxCalls?: number;
};

/** Produces to Kafka, through a REST proxy or itself. */
export type Producer = {
  readonly name: string;
  readonly limits: BatchLimits;
  /**
   * Produces records within `limits`, those of one topic in one call to a proxy.
   * @param deadline milliseconds since 1970; after it, records under way are `unknown`
   * @returns one outcome for each record, in their order; never rejects
   */
  produce(records: readonly ProducerRecord[], deadline: number): Promise<ProduceOutcome[]>;
  /**
   * Checks that Kafka, or the proxy, is the configured one, accepts these credentials and knows the topics. Stores nothing.
   * @param deadline milliseconds since 1970
   * @returns the problems, each a sentence that says what to do; empty if requests can be produced. Never rejects.
   */
  check(topics: readonly string[], deadline: number): Promise<readonly string[]>;
};

/** UTF-16 units, which for JSON are close enough to bytes for a bound that is not exact. */
export const sizeOfRecord = ({ key, value, headers }: ProducerRecord): number =>
  (key?.length ?? 0) + value.length + headers.reduce((sum, header) => sum + header.key.length + header.value.length, 0);
