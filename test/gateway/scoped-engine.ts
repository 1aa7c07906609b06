import type { TopicPartition } from "../../protocol/topic-partition.ts";
import type { Engine, InstanceName } from "../../gateway/engine.ts";

/** An engine whose topics and groups have names of their own on a cluster that is shared, and are called by what follows the scope. */
export const scopedEngine = (engine: Engine, scope: string): Engine => {
  const inside = (name: string): string => `${scope}-${name}`;
  const outside = (name: string): string => name.slice(scope.length + 1);
  const isInside = (name: string): boolean => name.startsWith(`${scope}-`);
  const enter = <Place extends { readonly topic: string }>(place: Place): Place => ({ ...place, topic: inside(place.topic) });
  const leave = <Place extends TopicPartition>(place: Place): Place => ({ ...place, topic: outside(place.topic) });
  const named = <Name extends InstanceName>(name: Name): Name => ({ ...name, group: inside(name.group) });
  const seen = (counts: ReadonlyMap<string, number>) =>
    new Map([...counts].flatMap(([name, count]) => (isInside(name) ? [[outside(name), count] as const] : [])));

  return {
    ...engine,
    topics: async () => seen(await engine.topics()),
    provideTopics: async (names, make) => seen(await engine.provideTopics(new Set([...names].map(inside)), make)),
    produce: async (records) => (await engine.produce(records.map(enter))).map(leave),
    fetch: async (request) => (await engine.fetch({ ...request, offsets: request.offsets.map(enter) })).map(leave),
    async consume(request) {
      const batch = await engine.consume({ ...named(request), topics: request.topics.map(inside) });
      return { ...batch, records: batch.records.map(leave) };
    },
    commit: (name, offsets) => engine.commit(named(name), offsets.map(enter)),
    committed: async (name, partitions) => (await engine.committed(named(name), partitions.map(enter))).map(leave),
    offsetsAt: async (time, partitions) => (await engine.offsetsAt(time, partitions.map(enter))).map(leave),
    async consumers() {
      const groups = (await engine.consumers()).filter(({ name }) => isInside(name));
      return groups.map(({ name, instances }) => ({
        name: outside(name),
        instances: instances.map(({ name, topics }) => ({
          name,
          topics: topics.map(({ topic, partitions }) => ({ topic: outside(topic), partitions })),
        })),
      }));
    },
    deleteConsumer: (name) => engine.deleteConsumer(named(name)),
  };
};
