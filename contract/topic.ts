const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;

/** What {@link isTopic} holds of a name, for people. */
export const TOPIC_RULE = "1 to 249 of the characters A-Z a-z 0-9 . _ -";

/** Whether Kafka takes a name for a topic. */
export const isTopic = (name: string): boolean => TOPIC.test(name);
