import type { Log } from "../../environment/log.ts";
import type { DeclaredTopic } from "../engine.ts";
import type { Topics } from "./topics.ts";

/**
 * Makes the topics that are missing. A cluster is shared: a topic that exists belongs to whoever made it, and more partitions would send
 * keys elsewhere.
 * @throws KafkaError
 */
export const makeDeclaredTopics = async (
  declared: ReadonlyMap<string, DeclaredTopic>,
  { topics, log }: { readonly topics: Pick<Topics, "counts" | "create">; readonly log: Pick<Log, "info" | "warn"> },
): Promise<void> => {
  const counts = await topics.counts();
  await Promise.all(
    [...declared].map(async ([name, topic]) => {
      const partitions = counts.get(name);
      if (partitions === undefined) {
        await topics.create(name, topic);
        log.info({ topic: name, partitions: topic.partitions }, `made the topic ${JSON.stringify(name)}`);
      } else if (partitions !== topic.partitions)
        log.warn(
          { topic: name, partitions },
          `topic ${JSON.stringify(name)} has ${partitions} partitions and GATEWAY_TOPICS says ${topic.partitions}: it stays as it is`,
        );
    }),
  );
};
