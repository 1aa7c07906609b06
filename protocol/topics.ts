/** The topic of every operation that does not name its own. */
export const REQUEST_TOPIC = "requests";

/** The suffix of dead-letter topics, as in Spring. */
export const DEAD_LETTER_SUFFIX = "-dlt";

/** Where the dead letters of a topic go. */
export const deadLetterTopicOf = (topic: string): string => topic + DEAD_LETTER_SUFFIX;

/** The suffix of the topics of requests that wait long for another attempt, as in Spring's non-blocking retries. */
export const RETRY_SUFFIX = "-retry";

/** Where the requests of a topic wait long for another attempt. */
export const retryTopicOf = (topic: string): string => topic + RETRY_SUFFIX;

/** The rule of {@link isTopic} in words. */
export const TOPIC_RULE = "1 to 249 of the characters A-Z a-z 0-9 . _ -, and neither . nor ..";

/** Whether Kafka takes a name for a topic (org.apache.kafka.common.internals.Topic). */
export const isTopic = (name: string): boolean => /^[A-Za-z0-9._-]{1,249}$/.test(name) && name !== "." && name !== "..";
