import { kafkaErrorOf } from "../../kafka/errors.ts";
import { KAFKA_ERRORS, KafkaError, type KafkaErrorCode } from "../../kafka/kafka-error.ts";
import { GatewayError } from "../gateway-error.ts";

/** A call to the cluster that failed, as the caller of the gateway is told. */
export const gatewayErrorOfKafka = (error: unknown): GatewayError => {
  if (error instanceof GatewayError) return error;
  const failure = kafkaErrorOf(error);
  const status = STATUSES[failure.code];
  return new GatewayError(status, messageOf(failure), { cause: failure, ...(status === 503 ? { retryAfterSeconds: 1 } : {}) });
};

/** Runs something that speaks to the cluster. @throws GatewayError */
export const toldToCaller = async <Result>(run: () => Promise<Result>): Promise<Result> => {
  try {
    return await run();
  } catch (error) {
    throw gatewayErrorOfKafka(error);
  }
};

/** What is the matter with the cluster, and with the way to it, is for those who run the gateway: it is logged. */
const FOR_THE_LOG: ReadonlySet<KafkaErrorCode> = new Set(["unavailable", "unknown", "misconfigured", "unexpected"]);

/** What is missing, by what a broker says. */
const RIGHTS: Readonly<Record<string, string>> = {
  TOPIC_AUTHORIZATION_FAILED: " The gateway's user of Kafka needs Describe on the topic, and Write to produce or Read to consume.",
  GROUP_AUTHORIZATION_FAILED: " The gateway's user of Kafka needs Read on the group.",
  CLUSTER_AUTHORIZATION_FAILED: " The gateway's user of Kafka needs Create to make topics.",
};

/** What a caller is told of a failure. */
export const messageOf = ({ code, message, protocolError = "" }: KafkaError): string => {
  if (!FOR_THE_LOG.has(code)) return `${message}${RIGHTS[protocolError] ?? ""}`;
  return code === "unavailable" ? `${KAFKA_ERRORS[code]}. Try again a little later.` : `${KAFKA_ERRORS[code]}.`;
};

/** The HTTP status of a failure. */
export const STATUSES: Readonly<Record<KafkaErrorCode, number>> = {
  unavailable: 503,
  unknown: 500,
  "unknown-topic": 404,
  "topic-exists": 409,
  unauthorized: 403,
  "too-large": 413,
  rejected: 400,
  "out-of-range": 400,
  rebalanced: 409,
  misconfigured: 500,
  unexpected: 500,
};
