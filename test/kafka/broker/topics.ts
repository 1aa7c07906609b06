import { randomBytes } from "node:crypto";
import { Admin } from "@platformatic/kafka";
import { until } from "../../helpers/stack.ts";

/** A name that no other suite has, nor an earlier run. */
export const ownName = (name: string): string => `${name}-${randomBytes(6).toString("hex")}`;

/**
 * Makes a topic under a name of its own, with as many replicas as the cluster gives by default. Resolves to the name once every broker
 * knows the topic.
 */
export const createTopic = async (
  brokers: readonly string[],
  name: string,
  partitions: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const topic = ownName(name);
  await createTopicAs(brokers, topic, partitions, settings);
  return topic;
};

/** The same under exactly this name: for a cluster of one's own. */
export const createTopicAs = async (
  brokers: readonly string[],
  topic: string,
  partitions: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const admin = new Admin({ clientId: "test", bootstrapBrokers: [...brokers] });
  try {
    const configs = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await admin.createTopics({ topics: [topic], partitions, replicas: -1, configs });
  } finally {
    await admin.close();
  }
  await Promise.all(brokers.map((broker) => untilKnown(broker, topic)));
};

const untilKnown = async (broker: string, topic: string): Promise<void> => {
  const admin = new Admin({ clientId: "test", bootstrapBrokers: [broker], retries: 0 });
  try {
    await until(() =>
      admin.metadata({ topics: [topic] }).then(
        () => true,
        () => false,
      ),
    );
  } finally {
    await admin.close();
  }
};
