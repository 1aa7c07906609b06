/** What went wrong with a cluster, told apart as far as a caller can act on it. */
export const KAFKA_ERRORS = {
  /** No broker answers, or none is the leader, for now. Nothing was stored. */
  unavailable: "Kafka is not available",
  /** The record may be stored. */
  unknown: "Kafka did not say whether it stored the record",
  "unknown-topic": "Kafka has no such topic or partition",
  "topic-exists": "Kafka has that topic already",
  /** The user that KAFKA_USERNAME names may not do this. */
  unauthorized: "Kafka does not allow it",
  "too-large": "The record is larger than Kafka takes",
  /** The same record or request would be refused again. */
  rejected: "Kafka refused it",
  /** The offset is not, or no longer, in the log. */
  "out-of-range": "Kafka has no record at that offset",
  /** The group has changed: another member has the partition, or the name, or all members are to join again. */
  rebalanced: "The consumer group has given the partition to another member",
  /** Somebody has to change the configuration, of this process or of the cluster. */
  misconfigured: "Kafka cannot be used with this configuration",
  /** Not foreseen: a fault of this program until shown otherwise. */
  unexpected: "Something unexpected happened with Kafka",
} as const;

export type KafkaErrorCode = keyof typeof KAFKA_ERRORS;

/** Whatever fails with a cluster. The message tells people what is wrong and what to do. */
export class KafkaError extends Error {
  override readonly name: string = "KafkaError";
  readonly code: KafkaErrorCode;
  /** The name of the error in Kafka's protocol, if a broker answered with one. */
  readonly protocolError: string | undefined;

  /** @param detail what is to be added to what the code says */
  constructor(
    code: KafkaErrorCode,
    detail?: string,
    { cause, protocolError }: { readonly cause?: unknown; readonly protocolError?: string | undefined } = {},
  ) {
    super(`${KAFKA_ERRORS[code]}${detail === undefined ? "" : `: ${detail}`}.`, cause === undefined ? {} : { cause });
    this.code = code;
    this.protocolError = protocolError;
  }

  /** Whether the same call may succeed later, and does no harm if it is made again. */
  get retryable(): boolean {
    return this.code === "unavailable";
  }
}
