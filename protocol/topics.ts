/** The topic of every operation that does not name its own. */
export const REQUEST_TOPIC = "requests";

/** What the name of a dead-letter topic adds to that of its topic, as in Spring. */
export const DEAD_LETTER_SUFFIX = "-dlt";

/** What {@link isTopic} demands of a name, for people. */
export const TOPIC_RULE = "1 to 249 of the characters A-Z a-z 0-9 . _ -, and neither . nor ..";

/** Whether Kafka takes a name for a topic (org.apache.kafka.common.internals.Topic). */
export const isTopic = (name: string): boolean => /^[A-Za-z0-9._-]{1,249}$/.test(name) && name !== "." && name !== "..";
