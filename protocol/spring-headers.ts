import type { RecordHeader } from "./kafka-record.ts";

/**
 * The headers by which a request and its reply find each other in spring-kafka, and under the same names in NestJS.
 * Source: spring-kafka's KafkaHeaders, NestJS's KafkaHeaders.
 */
export const SPRING_HEADERS = {
  /** Whatever bytes the requester chose; a responder gives them back as they are. */
  correlationId: "kafka_correlationId",
  /** The topic that the reply is to go to, as UTF-8. */
  replyTopic: "kafka_replyTopic",
  /** NestJS alone: why there is no reply, as UTF-8. */
  nestError: "kafka_nest-err",
} as const;

/** What a request must carry for a responder to answer it: the correlation ID as text, and where the reply is to go. */
export const createSpringHeaders = (correlationId: string, replyTopic: string): readonly RecordHeader[] => [
  { key: SPRING_HEADERS.correlationId, value: correlationId },
  { key: SPRING_HEADERS.replyTopic, value: replyTopic },
];
