/**
 * What an error of Kafka's protocol means for records (https://kafka.apache.org/protocol#protocol_error_codes). `again`: not stored, and may be
 * stored a moment later, perhaps by another broker. `refused`: not stored, and would be refused again. `unknown`: may be stored.
 */
export type Verdict = { readonly means: "again" | "refused" | "unknown"; readonly name: string; readonly advice: string };

export const MESSAGE_TOO_LARGE = 10;
export const UNKNOWN_TOPIC = 3;
export const TOPIC_AUTHORIZATION_FAILED = 29;

const again = (name: string, advice = "It may pass."): Verdict => ({ means: "again", name, advice });
const refused = (name: string, advice: string): Verdict => ({ means: "refused", name, advice });
const unknown = (name: string): Verdict => ({ means: "unknown", name, advice: "Nobody knows whether the record is stored." });

const TOO_LARGE = "The record is larger than the topic takes. Raise max.message.bytes of the topic, or send less.";

/** The errors that may be the answer to Produce or Metadata. */
export const VERDICTS: Readonly<Record<number, Verdict>> = {
  [-1]: unknown("UNKNOWN_SERVER_ERROR"),
  2: again("CORRUPT_MESSAGE"),
  [UNKNOWN_TOPIC]: again("UNKNOWN_TOPIC_OR_PARTITION", "Create the topic, or allow KAFKA_USERNAME to describe it."),
  5: again("LEADER_NOT_AVAILABLE"),
  6: again("NOT_LEADER_OR_FOLLOWER"),
  7: unknown("REQUEST_TIMED_OUT"),
  8: again("BROKER_NOT_AVAILABLE"),
  9: again("REPLICA_NOT_AVAILABLE"),
  [MESSAGE_TOO_LARGE]: refused("MESSAGE_TOO_LARGE", TOO_LARGE),
  13: unknown("NETWORK_EXCEPTION"),
  17: refused("INVALID_TOPIC_EXCEPTION", "Kafka does not take this name for a topic."),
  18: refused("RECORD_LIST_TOO_LARGE", TOO_LARGE),
  19: again("NOT_ENOUGH_REPLICAS", "Too few brokers of the topic are up for its min.insync.replicas."),
  20: unknown("NOT_ENOUGH_REPLICAS_AFTER_APPEND"),
  [TOPIC_AUTHORIZATION_FAILED]: refused("TOPIC_AUTHORIZATION_FAILED", "Allow KAFKA_USERNAME to write to the topic and to describe it."),
  31: refused("CLUSTER_AUTHORIZATION_FAILED", "Allow KAFKA_USERNAME to write to the topic."),
  32: refused("INVALID_TIMESTAMP", "The clocks of this machine and of Kafka differ more than the topic allows."),
  35: refused("UNSUPPORTED_VERSION", "This Kafka is too old or too new for this client."),
  42: refused("INVALID_REQUEST", "Kafka does not understand this client."),
  43: refused(
    "UNSUPPORTED_FOR_MESSAGE_FORMAT",
    "The topic keeps records in a format of before Kafka 0.11. Set its message.format.version.",
  ),
  44: refused("POLICY_VIOLATION", "A policy of the cluster forbids it."),
  56: unknown("KAFKA_STORAGE_ERROR"),
  74: again("FENCED_LEADER_EPOCH"),
  75: again("UNKNOWN_LEADER_EPOCH"),
  87: refused("INVALID_RECORD", "A topic with cleanup.policy=compact takes only records with a key: give the operation an orderingKey."),
};

/** @returns `unknown` for an error that is not listed */
export const verdictOf = (errorCode: number): Verdict => VERDICTS[errorCode] ?? unknown(`error ${errorCode}`);

/**
 * What an error means for a batch. A leader that had appended it before it lost the partition says so by an offset: the next leader may have
 * the batch, or not.
 */
export const verdictOfBatch = ({ errorCode, baseOffset }: { readonly errorCode: number; readonly baseOffset: number }): Verdict => {
  const verdict = verdictOf(errorCode);
  return baseOffset >= 0 ? unknown(verdict.name) : verdict;
};

/** A sentence of what Kafka said, and of what to do. */
export const describeVerdict = ({ name, advice }: Verdict, said?: string | null): string =>
  `Kafka answered ${name}${said ? ` (${said.replace(/\.$/, "")})` : ""}. ${advice}`;
