import type { RecordHeader } from "./kafka-record.ts";

/**
 * The headers that connect a request and its reply in spring-kafka and, under the same names, in NestJS.
 * Source: spring-kafka's KafkaHeaders, NestJS's KafkaHeaders.
 */
export const SPRING_HEADERS = {
  /** Any bytes; the requester chooses them, and the responder returns them unchanged. */
  correlationId: "kafka_correlationId",
  /** The topic for the reply, as UTF-8. */
  replyTopic: "kafka_replyTopic",
  /** Where a pinned requester waits: Spring's int32, big-endian, or NestJS's digits. */
  replyPartition: "kafka_replyPartition",
  /** NestJS alone: why there is no reply, as UTF-8. */
  nestError: "kafka_nest-err",
  /** NestJS alone: this reply is the last; the value does not matter. */
  nestIsDisposed: "kafka_nest-is-disposed",
} as const;

/** Problem details as JSON (RFC 9457) in a record without a value, where there is no reply. Neither Spring nor NestJS has a header for this. */
export const PROBLEM_HEADER = "rejoinder-problem";

/** W3C Trace Context, under the name that Spring's and OpenTelemetry's instrumentations give it on Kafka. */
export const TRACEPARENT_HEADER = "traceparent";

/** What a request must carry for a responder to answer it: the correlation ID as text, and the topic for the reply. */
export const createSpringHeaders = (correlationId: string, replyTopic: string): readonly RecordHeader[] => [
  { key: SPRING_HEADERS.correlationId, value: correlationId },
  { key: SPRING_HEADERS.replyTopic, value: replyTopic },
];
