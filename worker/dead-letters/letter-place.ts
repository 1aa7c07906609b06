import type { TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { DEAD_LETTER_SUFFIX, isTopic } from "../../protocol/topics.ts";

/** What a letter is called: where it is. */
export const placeOf = ({ topic, partition, offset }: TopicPartitionOffset): string => `${topic}/${partition}/${offset}`;

/** Reads the name of a letter; undefined if it is none. Only of dead-letter topics: what settles a letter is written behind it. */
export const readPlace = (text: string): TopicPartitionOffset | undefined => {
  const [topic = "", partition = "", offset = "", ...rest] = text.split("/");
  const isPlace = rest.length === 0 && isTopic(topic) && topic.endsWith(DEAD_LETTER_SUFFIX);
  if (!isPlace || !/^\d{1,9}$/.test(partition) || !/^\d{1,15}$/.test(offset)) return undefined;
  return { topic, partition: Number(partition), offset: Number(offset) };
};
