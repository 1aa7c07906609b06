import type { Broker, ClusterMetadata, ClusterTopicMetadata } from "@platformatic/kafka";
import { UserError } from "@platformatic/kafka";
import { kafkaErrorOf } from "./errors.ts";
import { KafkaError } from "./kafka-error.ts";

/** How many partitions a topic has, and who leads them. */
export type TopicMetadata = {
  readonly partitions: number;
  /** Undefined while a partition has no leader, or there is no such partition. */
  leaderOf(partition: number): Leader | undefined;
};

export type Leader = { readonly id: number; readonly broker: Broker; readonly address: string };

/** Any client of the library. */
type Client = {
  metadata(options: { topics: string[]; forceUpdate?: boolean; metadataMaxAge?: number; retries?: number }): Promise<ClusterMetadata>;
};

/** New partitions are noticed this late; a caller that meets another leader looks it up fresh. */
const MAX_AGE_MS = 60_000;

/**
 * Looks a topic up. What is known is returned without asking, unless it is to be fresh.
 * @throws KafkaError, `unknown-topic` after one answer
 */
export const topicMetadata = async (client: Client, topic: string, { fresh }: { readonly fresh: boolean }): Promise<TopicMetadata> => {
  const ask = (topics: string[], forceUpdate: boolean) => client.metadata({ topics, forceUpdate, metadataMaxAge: MAX_AGE_MS, retries: 0 });
  try {
    const { topics, brokers } = await ask([topic], fresh);
    return describe(topics.get(topic) as ClusterTopicMetadata, brokers);
  } catch (error) {
    if (!(error instanceof UserError)) throw kafkaErrorOf(error);
    // The library throws the same for an unknown topic and for a connection that does not fit. The second question fails only for the latter.
    await ask([], true).catch((error: unknown) => {
      throw kafkaErrorOf(error);
    });
    throw new KafkaError("unknown-topic", JSON.stringify(topic), { cause: error });
  }
};

const describe = ({ partitions, partitionsCount }: ClusterTopicMetadata, brokers: ClusterMetadata["brokers"]): TopicMetadata => ({
  partitions: partitionsCount,
  leaderOf(partition) {
    const id = partitions[partition]?.leader;
    const broker = id === undefined ? undefined : brokers.get(id);
    return id === undefined || broker === undefined ? undefined : { id, broker, address: `${broker.host}:${broker.port}` };
  },
});
