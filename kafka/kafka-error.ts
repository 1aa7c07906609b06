/** What went wrong with a cluster, as far as whoever called can act on it. */
export const KAFKA_ERRORS = {
  /** Nobody there, or nobody in charge, for now; nothing was stored. */
  unavailable: "Kafka is not available",
  /** It may have been stored. */
  unknown: "Kafka did not say whether it stored the record",
  "unknown-topic": "Kafka has no such topic or partition",
  "topic-exists": "Kafka has that topic already",
  /** The user that KAFKA_USERNAME names may not do this. */
  unauthorized: "Kafka does not allow it",
  "too-large": "The record is larger than Kafka takes",
  /** Refused for good: the same would be refused again. */
  rejected: "Kafka refused it",
  /** The offset is not, or no longer, in the log. */
  "out-of-range": "Kafka has no record at that offset",
  /** Somebody else is in charge now: of the partition, or of the member's name. */
  rebalanced: "The consumer group has given the partition to another member",
  /** Somebody has to change the configuration, of this process or of the cluster. */
  misconfigured: "Kafka cannot be spoken to",
  /** Not foreseen; a fault of this program, until shown otherwise. */
  unexpected: "Something unexpected happened with Kafka",
} as const;

export type KafkaErrorCode = keyof typeof KAFKA_ERRORS;

/** Everything that fails with a cluster. The message says to people what is wrong and what to do. */
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
