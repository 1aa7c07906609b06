import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import { DEAD_LETTER_SUFFIX } from "../protocol/topics.ts";

/** A record on its way to a dead-letter topic. */
export type DeadLetter = Pick<ConsumerRecord, "topic" | "key" | "value" | "headers">;

/**
 * A record as a dead letter: key, value and headers as they were, then where it stood and what was wrong with it, under the header
 * names of Spring's DeadLetterPublishingRecoverer. Numbers are text, since a REST proxy carries nothing else.
 */
export const createDeadLetter = (record: ConsumerRecord, reason: string): DeadLetter => ({
  topic: record.topic + DEAD_LETTER_SUFFIX,
  key: record.key,
  value: record.value,
  headers: [
    ...record.headers,
    { key: "kafka_dlt-original-topic", value: record.topic },
    { key: "kafka_dlt-original-partition", value: String(record.partition) },
    { key: "kafka_dlt-original-offset", value: String(record.offset) },
    { key: "kafka_dlt-exception-message", value: reason },
  ],
});
