import type { PartitionName } from "../engine.ts";

/** Topic and partition, as the key of a map. */
export const keyOf = ({ topic, partition }: PartitionName): string => `${topic}/${partition}`;

/** Places by their topics, as Kafka's protocol has them. */
export const topicsOf = <Place extends PartitionName, Result>(
  places: Iterable<Place>,
  read: (place: Place) => Result,
): { readonly name: string; readonly partitions: Result[] }[] =>
  [...Map.groupBy(places, ({ topic }) => topic)].map(([name, partitions]) => ({ name, partitions: partitions.map(read) }));
