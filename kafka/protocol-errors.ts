import type { KafkaErrorCode } from "./kafka-error.ts";

/**
 * The code of an error of Kafka's protocol, by its name (https://kafka.apache.org/protocol#protocol_error_codes). Errors that are not listed are
 * refusals.
 */
export const codeOfProtocolError = (id: string, mayHaveBeenStored: boolean): KafkaErrorCode => {
  const code = CODES.get(id) ?? "rejected";
  return code === "unknown" && !mayHaveBeenStored ? "unavailable" : code;
};

/** The names of the errors of each code. */
export const PROTOCOL_ERRORS: Partial<Record<KafkaErrorCode, readonly string[]>> = {
  unavailable: [
    "LEADER_NOT_AVAILABLE",
    "NOT_LEADER_OR_FOLLOWER",
    "BROKER_NOT_AVAILABLE",
    "REPLICA_NOT_AVAILABLE",
    "LISTENER_NOT_FOUND",
    "NOT_CONTROLLER",
    "COORDINATOR_LOAD_IN_PROGRESS",
    "COORDINATOR_NOT_AVAILABLE",
    "NOT_COORDINATOR",
    "NOT_ENOUGH_REPLICAS",
    "FENCED_LEADER_EPOCH",
    "UNKNOWN_LEADER_EPOCH",
    "OFFSET_NOT_AVAILABLE",
    "UNSTABLE_OFFSET_COMMIT",
    "PREFERRED_LEADER_NOT_AVAILABLE",
    "ELIGIBLE_LEADERS_NOT_AVAILABLE",
    "FETCH_SESSION_ID_NOT_FOUND",
    "INVALID_FETCH_SESSION_EPOCH",
    "FETCH_SESSION_TOPIC_ID_ERROR",
    "UNKNOWN_TOPIC_ID",
    "INCONSISTENT_TOPIC_ID",
    "THROTTLING_QUOTA_EXCEEDED",
    "REASSIGNMENT_IN_PROGRESS",
    "CONCURRENT_TRANSACTIONS",
  ],
  // The broker, or one of its replicas, may have stored the record.
  unknown: ["UNKNOWN_SERVER_ERROR", "REQUEST_TIMED_OUT", "NETWORK_EXCEPTION", "NOT_ENOUGH_REPLICAS_AFTER_APPEND", "KAFKA_STORAGE_ERROR"],
  "unknown-topic": ["UNKNOWN_TOPIC_OR_PARTITION"],
  "topic-exists": ["TOPIC_ALREADY_EXISTS"],
  unauthorized: [
    "TOPIC_AUTHORIZATION_FAILED",
    "GROUP_AUTHORIZATION_FAILED",
    "CLUSTER_AUTHORIZATION_FAILED",
    "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
    "DELEGATION_TOKEN_AUTHORIZATION_FAILED",
  ],
  "too-large": ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"],
  "out-of-range": ["OFFSET_OUT_OF_RANGE"],
  rebalanced: [
    "ILLEGAL_GENERATION",
    "UNKNOWN_MEMBER_ID",
    "REBALANCE_IN_PROGRESS",
    "MEMBER_ID_REQUIRED",
    "FENCED_INSTANCE_ID",
    "FENCED_MEMBER_EPOCH",
    "STALE_MEMBER_EPOCH",
    "UNRELEASED_INSTANCE_ID",
  ],
  misconfigured: [
    "SASL_AUTHENTICATION_FAILED",
    "UNSUPPORTED_SASL_MECHANISM",
    "ILLEGAL_SASL_STATE",
    "SECURITY_DISABLED",
    "UNSUPPORTED_VERSION",
    "UNSUPPORTED_COMPRESSION_TYPE",
    "INVALID_SESSION_TIMEOUT",
    "INCONSISTENT_GROUP_PROTOCOL",
    "INVALID_GROUP_ID",
    "UNSUPPORTED_ASSIGNOR",
  ],
};

const CODES: ReadonlyMap<string, KafkaErrorCode> = new Map(
  Object.entries(PROTOCOL_ERRORS).flatMap(([code, names]) => names.map((name) => [name, code as KafkaErrorCode] as const)),
);
