import { createAdminClient, createWaitingClient } from "./clients.ts";
import type { KafkaConnection } from "./config.ts";
import { kafkaErrorOf } from "./errors.ts";
import { createApis, createRequests, type Requests } from "./library.ts";

/** Requests on connections of their own. */
export type OwnConnections = { readonly requests: Requests; close(): Promise<void> };

/** A cluster, and the connections to its brokers. A broker answers what comes on one connection in turn. */
export type Cluster = {
  /** For what is answered at once. */
  readonly requests: Requests;
  /** For what waits, such as joining a group or fetching: nothing else waits behind it. */
  connect(): OwnConnections;
  /** Learns all brokers, so that those of the configuration are no longer needed. @throws KafkaError */
  reach(): Promise<void>;
  /** Makes a topic. @throws KafkaError `topic-exists`, `unauthorized`, `rejected` */
  createTopic(topic: NewTopic): Promise<void>;
  close(): Promise<void>;
};

export type NewTopic = {
  readonly name: string;
  readonly partitions: number;
  /** Absent: as many as the cluster gives by default. */
  readonly replicas: number | undefined;
  /** Kafka's settings of a topic, such as `retention.ms`. */
  readonly settings: Readonly<Record<string, string>>;
};

const DEFAULT_REPLICAS = -1;

/** Connects when it is first needed. */
export const openCluster = (connection: KafkaConnection): Cluster => {
  const admin = createAdminClient(connection);
  const apis = createApis(admin);
  const translated = async (run: Promise<unknown>): Promise<void> => {
    try {
      await run;
    } catch (error) {
      throw kafkaErrorOf(error);
    }
  };

  return {
    requests: createRequests(admin, apis),
    connect() {
      const client = createWaitingClient(connection);
      return { requests: createRequests(client, apis), close: () => client.close().catch(() => undefined) };
    },
    reach: () => translated(admin.metadata({ topics: [] })),
    createTopic: ({ name, partitions, replicas = DEFAULT_REPLICAS, settings }) =>
      translated(
        admin.createTopics({
          topics: [{ topic: name, partitions, replicas }],
          configs: Object.entries(settings).map(([name, value]) => ({ name, value })),
        }),
      ),
    close: () => translated(admin.close()),
  };
};
