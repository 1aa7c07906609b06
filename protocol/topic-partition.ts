/** A partition of a topic. */
export type TopicPartition = { readonly topic: string; readonly partition: number };

/** An offset of a partition: of a record, or of the next one to read. */
export type TopicPartitionOffset = TopicPartition & { readonly offset: number };

/** A partition as the key of a map: `topic/partition`. Neither part can contain a slash. */
export const topicPartitionKey = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;
