import type { Cluster } from "../../kafka/cluster.ts";
import { kafkaErrorOf } from "../../kafka/errors.ts";
import { KafkaError } from "../../kafka/kafka-error.ts";
import type { Clock } from "../clock.ts";
import type { DeclaredTopic } from "../declared-topic.ts";
import type { TopicPartition } from "../../protocol/topic-partition.ts";
import { GatewayError } from "../gateway-error.ts";
import type { Directory, Topic } from "../../kafka/directory.ts";
import { pause } from "../../environment/time.ts";

/** The topics of a cluster, as callers name them. */
export type Topics = {
  /** Partition counts, by name. */
  counts(): Promise<ReadonlyMap<string, number>>;
  /** Those of these topics; with those that would be made, if that is wanted, and made if `make` says so. */
  provide(names: ReadonlySet<string>, make: boolean): Promise<ReadonlyMap<string, number>>;
  /** @throws GatewayError 404 unknown topic, 400 partition out of range */
  require(places: readonly TopicPartition[]): Promise<void>;
  /** Makes a topic that is not there. Resolves once its partitions are led. */
  create(name: string, topic: DeclaredTopic): Promise<void>;
};

export type TopicsOptions = {
  readonly cluster: Pick<Cluster, "createTopic">;
  readonly directory: Directory;
  readonly clock: Clock;
  /** Replicas of topics that are made here. Absent: as many as the cluster gives by default. */
  readonly replicas: number | undefined;
  /** How many partitions a topic gets that is used without having been declared. Absent: it is not made. */
  readonly partitionsOnDemand: number | undefined;
};

/** So long a topic may take until its partitions are led. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 50;

export const createTopics = ({ cluster, directory, clock, replicas, partitionsOnDemand }: TopicsOptions): Topics => {
  const isLed = (topic: Topic | undefined): boolean => topic !== undefined && topic.leaders.every((leader) => leader !== undefined);

  const untilLed = async (name: string): Promise<void> => {
    for (const until = clock.now() + PATIENCE_MS; clock.now() < until;) {
      directory.forget([name]);
      if (isLed((await directory.find([name])).get(name))) return;
      await pause(clock, PAUSE_MS);
    }
    throw new KafkaError("unavailable", `the new topic ${JSON.stringify(name)} has no leaders yet`);
  };

  const create = async (name: string, { partitions, retention }: DeclaredTopic): Promise<void> => {
    try {
      await cluster.createTopic({ name, partitions, replicas, settings: settingsOf(retention) });
    } catch (error) {
      const { code, message } = kafkaErrorOf(error);
      // Another gateway was faster.
      if (code !== "topic-exists")
        throw new KafkaError(code, `the topic ${JSON.stringify(name)} cannot be made. ${message}`, { cause: error });
    }
    await untilLed(name);
  };

  return {
    counts: async () => countsOf((await directory.all()).values()),
    async provide(names, make) {
      const found = await directory.find(names);
      const counts = countsOf(found.values());
      if (partitionsOnDemand === undefined) return counts;
      const missing = [...names].filter((name) => !counts.has(name));
      if (make) await Promise.all(missing.map((name) => create(name, { partitions: partitionsOnDemand })));
      for (const name of missing) counts.set(name, partitionsOnDemand);
      return counts;
    },
    async require(places) {
      const topics = await directory.find(places.map(({ topic }) => topic));
      for (const { topic: name, partition } of places) {
        const topic = topics.get(name);
        if (topic === undefined) throw new GatewayError(404, `There is no topic ${JSON.stringify(name)}.`);
        if (partition >= topic.leaders.length)
          throw new GatewayError(
            400,
            `Expected the partition of ${JSON.stringify(name)} to be from 0 to ${topic.leaders.length - 1}, got ${partition}.`,
          );
      }
    },
    create,
  };
};

const countsOf = (topics: Iterable<Topic>): Map<string, number> => new Map([...topics].map(({ name, leaders }) => [name, leaders.length]));

const WITHOUT_END = -1;

/** A limit that is not given is left to the cluster. */
const settingsOf = (retention: DeclaredTopic["retention"] = {}): Record<string, string> => ({
  ...("ms" in retention ? { "retention.ms": String(retention.ms ?? WITHOUT_END) } : {}),
  ...("bytes" in retention ? { "retention.bytes": String(retention.bytes ?? WITHOUT_END) } : {}),
});
