import type { RecordMetadata } from "../protocol/kafka-record.ts";
import { KafkaError } from "./kafka-error.ts";

export type ProduceOutcome = RecordMetadata | KafkaError;

/** Not all records of a call were stored. Its code is that of the gravest failure: `unknown` if any record may have been stored. */
export class ProduceError extends KafkaError {
  override readonly name = "ProduceError";
  /** What became of each record, in their order. */
  readonly outcomes: readonly ProduceOutcome[];

  constructor(outcomes: readonly ProduceOutcome[]) {
    const failures = outcomes.filter((outcome) => outcome instanceof KafkaError);
    const told = failures.find(({ code }) => code === "unknown") ?? (failures[0] as KafkaError);
    super(told.code, undefined, { cause: told });
    this.message = told.message;
    this.outcomes = outcomes;
  }

  /** Also false if some of the records were stored: then the same call would store them twice. */
  override get retryable(): boolean {
    return this.outcomes.every((outcome) => outcome instanceof KafkaError && outcome.retryable);
  }
}
