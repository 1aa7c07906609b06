import { resolve } from "node:path";
import * as z from "zod";
import type { Contract } from "../../contract/contract.ts";
import { type Environment, isSet, readEnvironment, readTogether } from "../../environment/environment.ts";
import { processVariables } from "../../environment/process-variables.ts";
import { integer } from "../../environment/variables.ts";
import { type GatewayConfig, readGatewayConfig, topicVariables } from "../../gateway/config.ts";
import type { DeclaredTopic } from "../../gateway/engine.ts";
import { demandKafka, type KafkaConnection, kafkaConnectionOf, kafkaVariables } from "../../kafka/config.ts";
import { type NodeHostConfig, readNodeHostConfig } from "../../worker/hosts/node/config.ts";
import type { WorkerSettings } from "../../worker/define-worker.ts";
import { type ProducerConfig, readProducerConfig } from "../../worker/producer-config.ts";
import { PREFERRED_PORT } from "../config.ts";
import { topicsToProvide } from "../start/topics.ts";

/** Where requests go. */
export type RequestLogConfig =
  /** A log in this process, and a gateway for whoever reads it. */
  | { readonly kind: "embedded"; readonly gateway: GatewayConfig }
  | {
      readonly kind: "kafka";
      readonly connection: KafkaConnection;
      /** Made at the start if they are not there. */
      readonly topics: ReadonlyMap<string, DeclaredTopic>;
      readonly replicas: number | undefined;
    }
  | { readonly kind: "rest"; readonly proxy: ProducerConfig; readonly variables: Environment };

/** What `rejoinder serve` reads. */
export type ServeConfig = {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Of the statuses. Absolute. */
  readonly directory: string;
  readonly worker: NodeHostConfig;
  readonly requestLog: RequestLogConfig;
  readonly process: Readonly<z.output<z.ZodObject<typeof processVariables>>>;
};

const schema = z.object({
  /** Reachable from this machine only, until somebody decides otherwise. */
  HOST: z.string().default("127.0.0.1"),
  PORT: integer(0, 65_535).default(PREFERRED_PORT),
  MAILBOX_DATA_DIR: z.string().default(".rejoinder/mailbox"),
  ...processVariables,
});

/**
 * Reads how to serve the Worker of a contract: `GATEWAY_ENGINE` says where requests go, else the first of these that is set: `KAFKA_BROKERS`,
 * the variables of a Kafka REST proxy, nothing.
 * @throws ConfigurationError with every problem
 */
export const readServeConfig = (
  environment: Environment,
  { contract, authenticate }: Pick<WorkerSettings, "contract" | "authenticate">,
): ServeConfig => {
  const [requestLog, worker, values] = readTogether(
    () => readRequestLogConfig(environment, contract),
    () => readNodeHostConfig(environment, { hasAuthenticate: authenticate !== undefined }),
    () => readEnvironment(schema, environment),
  );
  return { host: values.HOST, port: values.PORT, directory: resolve(values.MAILBOX_DATA_DIR), worker, requestLog, process: values };
};

const REST_VARIABLES = ["KAFKA_REST_KIND", "KAFKA_REST_URL", "UPSTASH_KAFKA_REST_URL"];

const readRequestLogConfig = (environment: Environment, contract: Contract): RequestLogConfig => {
  const withTopics = isSet(environment, "GATEWAY_TOPICS") ? environment : { ...environment, GATEWAY_TOPICS: topicsToProvide(contract) };
  const { GATEWAY_ENGINE: engine } = environment;
  if (engine === "kafka" || (!isSet(environment, "GATEWAY_ENGINE") && isSet(environment, "KAFKA_BROKERS"))) {
    const values = readEnvironment(kafkaSchema, withTopics, demandKafka);
    const { GATEWAY_TOPICS: topics, GATEWAY_REPLICATION_FACTOR: replicas } = values;
    return { kind: "kafka", connection: kafkaConnectionOf(values), topics, replicas };
  }
  if (!isSet(environment, "GATEWAY_ENGINE") && REST_VARIABLES.some((name) => isSet(environment, name)))
    return { kind: "rest", proxy: readProducerConfig(environment, contract), variables: environment };
  return { kind: "embedded", gateway: readGatewayConfig(withTopics) };
};

const kafkaSchema = z.object({ ...kafkaVariables, ...topicVariables });
