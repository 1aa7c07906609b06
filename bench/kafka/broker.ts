import { fileURLToPath } from "node:url";
import { createPart, PartFailedError } from "../../cli/part.ts";
import { ConfigurationError } from "../../environment/environment.ts";
import { createAdminClient } from "../../kafka/clients.ts";
import type { KafkaConnection } from "../../kafka/config.ts";
import { kafkaErrorOf } from "../../kafka/errors.ts";
import { forkProgram, inheritedVariables } from "../forked-program.ts";
import { duringLifetime, type Removable } from "../lifetime.ts";

/** A cluster to measure on. */
export type MeasuredKafka = Removable & {
  readonly brokers: readonly string[];
  readonly connection: KafkaConnection;
  /** Whether it was started for this: one node of Apache Kafka on this machine, with its default settings for durability. */
  readonly isOwn: boolean;
  /** The processes of its nodes; of a cluster that somebody else started nothing is known. */
  readonly pids: readonly number[];
  createTopic(name: string, partitions: number): Promise<void>;
};

const STARTER = fileURLToPath(new URL("../../test/kafka/broker/starter.ts", import.meta.url));
const GRACE_MS = 10_000;
/** Tests start it for the shortest life, with half of its just-in-time compiler; here it has all of it. */
const JAVA_OPTIONS = "-XX:TieredStopAtLevel=4";

/** The cluster that KAFKA_BROKERS names, else one of its own, which takes Java and Maven. */
export const startMeasuredKafka = async (): Promise<MeasuredKafka> => {
  const given = process.env["KAFKA_BROKERS"] ?? "";
  if (given !== "") return reach(givenKafka(given.split(",")));
  const part = createPart({
    name: "broker",
    say: console.error,
    spawn: () => forkProgram(STARTER, [], { ...inheritedVariables(), _JAVA_OPTIONS: JAVA_OPTIONS }),
  });
  const { brokers, pids } = await part.start();
  return { ...toMeasured(brokers as string[]), isOwn: true, pids: pids as number[], remove: () => part.stop(GRACE_MS) };
};

/** Measures something on a cluster; where there can be none, says so, and resolves with undefined. */
export const withMeasuredKafka = async <Result>(
  what: string,
  say: (line: string) => void,
  measure: (kafka: MeasuredKafka) => Promise<Result>,
): Promise<Result | undefined> => {
  const starting = startMeasuredKafka();
  try {
    await starting;
  } catch (error) {
    if (!(error instanceof PartFailedError)) throw error;
    say(`NOT MEASURED on Kafka: ${what}. ${error.message}. It takes Java 17 and Maven, or KAFKA_BROKERS.`);
    return undefined;
  }
  return duringLifetime(starting, measure);
};

/** A cluster that somebody else started, and that stays. */
export const givenKafka = (brokers: readonly string[]): MeasuredKafka => ({
  ...toMeasured(brokers),
  isOwn: false,
  pids: [],
  remove: async () => {},
});

/** The cluster, if it answers. @throws ConfigurationError if not */
const reach = async (kafka: MeasuredKafka): Promise<MeasuredKafka> => {
  const admin = createAdminClient(kafka.connection);
  try {
    await admin.metadata({ topics: [] });
    return kafka;
  } catch (error) {
    throw new ConfigurationError([`KAFKA_BROKERS: ${kafkaErrorOf(error).message}`]);
  } finally {
    await admin.close();
  }
};

const toMeasured = (brokers: readonly string[]) => {
  const connection: KafkaConnection = { brokers, clientId: "bench", tls: undefined, sasl: undefined };
  return {
    brokers,
    connection,
    async createTopic(name: string, partitions: number): Promise<void> {
      const admin = createAdminClient(connection);
      try {
        await admin.createTopics({ topics: [name], partitions, replicas: -1 });
      } catch (error) {
        // A cluster that stays has it from the run before.
        if (kafkaErrorOf(error).code !== "topic-exists") throw error;
      } finally {
        await admin.close();
      }
    },
  };
};
