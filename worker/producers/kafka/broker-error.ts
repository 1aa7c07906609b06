import type { ProduceFailure } from "../../producer.ts";

/** Why a broker cannot be used. Nothing was stored. The message is a sentence that says what to do, and names no address. */
export class BrokerError extends Error {
  override readonly name = "BrokerError";
  /** `rejected` where somebody must change the configuration first. */
  readonly outcome: Exclude<ProduceFailure, "unknown">;

  constructor(outcome: BrokerError["outcome"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.outcome = outcome;
  }
}

/** Whatever was thrown, as a BrokerError. */
export const brokerErrorOf = (error: unknown): BrokerError =>
  error instanceof BrokerError ? error : new BrokerError("unavailable", LOST, { cause: error });

/** A connection that ends for no reason that anybody knows. */
export const LOST = "The connection to Kafka was lost. If that is always so, check KAFKA_SASL_MECHANISM: the cluster may ask for a login.";
