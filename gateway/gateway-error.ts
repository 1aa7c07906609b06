import type { RecordMetadata } from "../protocol/kafka-record.ts";
import { MAX_PRODUCE_RECORDS } from "../protocol/limits.ts";

/** What is wrong with one record of a produced array: it was not stored. */
export type RecordProblem = { readonly index: number; readonly status: number; readonly error: string };

/** What became of one record of a produced array. */
export type RecordResult = RecordProblem | (RecordMetadata & { readonly index: number });

export type GatewayErrorOptions = {
  /** For a call with several records: those that were refused, or what is known of each if some were stored. */
  readonly results?: readonly RecordResult[];
  /** The methods that the path takes. */
  readonly allow?: readonly string[];
  /** When the same call may be sent again. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
};

/** A call that fails, and the HTTP status that says why. Its message is shown to the caller. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly status: number;
  readonly results: readonly RecordResult[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly allow: readonly string[] | undefined;

  constructor(status: number, message: string, { results, allow, retryAfterSeconds, cause }: GatewayErrorOptions = {}) {
    super(message, { cause });
    this.status = status;
    this.results = results;
    this.retryAfterSeconds = retryAfterSeconds;
    this.allow = allow;
  }
}

/** The error that the caller sees for anything thrown. It reveals nothing of an unforeseen error. */
export const gatewayErrorOf = (error: unknown): GatewayError =>
  error instanceof GatewayError ? error : new GatewayError(500, "Something went wrong in the gateway.", { cause: error });

/** The body of an error response. It has every record that was stored, or may have been, but only as many refused ones as a batch of a Worker's has. */
export const errorBody = ({ status, message, results }: GatewayError): unknown => {
  if (results === undefined) return { error: message, status };
  const shown = status < 500 ? results.slice(0, MAX_PRODUCE_RECORDS) : results;
  const more = results.length - shown.length;
  return { error: message, status, results: shown.map(resultBody), ...(more === 0 ? {} : { moreResults: more }) };
};

const resultBody = (result: RecordResult): unknown => ("error" in result ? { index: result.index, error: result.error } : result);
