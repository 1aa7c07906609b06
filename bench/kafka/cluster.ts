import { fileURLToPath } from "node:url";
import { ConfigurationError } from "../../environment/environment.ts";
import { createAdminClient } from "../../kafka/clients.ts";
import type { KafkaConnection } from "../../kafka/config.ts";
import { kafkaErrorOf } from "../../kafka/errors.ts";
import { startProgram } from "../processes.ts";

/** A cluster to measure on. */
export type Cluster = AsyncDisposable & {
  readonly brokers: readonly string[];
  readonly connection: KafkaConnection;
  readonly name: string;
  /** The processes of its nodes; none if somebody else started it. */
  readonly pids: readonly number[];
  createTopic(name: string, partitions: number): Promise<void>;
};

/** What it takes to start one. */
export const CLUSTER_TAKES = "Java 17 and Maven, or KAFKA_BROKERS";

const STARTER = fileURLToPath(new URL("../../test/kafka/broker/starter.ts", import.meta.url));
/** Tests start it for the shortest life, with half of its just-in-time compiler; here it has all of it. */
const JAVA_OPTIONS = "-XX:TieredStopAtLevel=4";

/** The cluster that KAFKA_BROKERS names, or one of the bench's own. @throws PartFailedError without Java or Maven @throws ConfigurationError */
export const startCluster = async (): Promise<Cluster> => {
  const given = process.env["KAFKA_BROKERS"] ?? "";
  if (given !== "") {
    const cluster = givenCluster(given.split(","));
    const failure = await failureOf(cluster.connection, (admin) => admin.metadata({ topics: [] }));
    if (failure !== undefined) throw new ConfigurationError([`KAFKA_BROKERS: ${failure.message}`]);
    return cluster;
  }
  const program = await startProgram({ name: "broker", file: STARTER, args: [], variables: { _JAVA_OPTIONS: JAVA_OPTIONS } });
  const { brokers, pids } = program.ready as unknown as Pick<Cluster, "brokers" | "pids">;
  return { ...givenCluster(brokers), ...program, name: "one node of Apache Kafka on this machine", pids };
};

export const connectionTo = (brokers: readonly string[]): KafkaConnection => {
  return { brokers, clientId: "bench", tls: undefined, sasl: undefined };
};

/** A cluster that somebody else started, and that stays. */
export const givenCluster = (brokers: readonly string[]): Cluster => {
  const connection = connectionTo(brokers);
  return {
    brokers,
    connection,
    name: "the cluster of KAFKA_BROKERS",
    pids: [],
    async createTopic(topic, partitions) {
      const failure = await failureOf(connection, (admin) => admin.createTopics({ topics: [topic], partitions, replicas: -1 }));
      // A cluster that stays has it from the run before.
      if (failure !== undefined && failure.code !== "topic-exists") throw failure;
    },
    [Symbol.asyncDispose]: async () => {},
  };
};

const failureOf = async (connection: KafkaConnection, run: (admin: ReturnType<typeof createAdminClient>) => Promise<unknown>) => {
  const admin = createAdminClient(connection);
  try {
    await run(admin);
    return undefined;
  } catch (error) {
    return kafkaErrorOf(error);
  } finally {
    await admin.close();
  }
};
