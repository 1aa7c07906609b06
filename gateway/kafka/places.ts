import type { TopicPartition } from "../../protocol/topic-partition.ts";

/** Topic and partition, as the key of a map. */
export const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** Places by their topics, as Kafka's protocol has them. */
export const topicsOf = <Place extends TopicPartition, Result>(
  places: Iterable<Place>,
  read: (place: Place) => Result,
): { readonly name: string; readonly partitions: Result[] }[] =>
  [...Map.groupBy(places, ({ topic }) => topic)].map(([name, partitions]) => ({ name, partitions: partitions.map(read) }));
