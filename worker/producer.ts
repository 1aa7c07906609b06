import type { ProducerRecord, RecordMetadata } from "../protocol/kafka-record.ts";

/**
 * What became of one record. `rejected`: Kafka or the proxy refused it, sending it again is of no use. `unavailable`:
 * certainly not stored. `unknown`: it may be stored, nobody can tell.
 */
export type ProduceOutcome =
  | { readonly outcome: "stored"; readonly metadata: RecordMetadata }
  | { readonly outcome: "rejected" | "unavailable" | "unknown"; readonly detail: string };

/** How long a request may take to be produced, from its arrival on; past it the caller is told that the outcome is unknown. */
export const PRODUCE_TIMEOUT_MS = 5_000;

/** Produces through a Kafka REST proxy. */
export type Producer = {
  readonly name: string;
  /**
   * Produces all records in one call to the proxy.
   * @param deadline milliseconds since 1970; past it the outcome of what is under way is `unknown`.
   * @returns one outcome a record, in their order. Never rejects.
   */
  produce(records: readonly ProducerRecord[], deadline: number): Promise<ProduceOutcome[]>;
};
