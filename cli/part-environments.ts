import { type Contract, handledTopicsOf, respondedOperationsOf } from "../contract/contract.ts";
import { DEAD_LETTER_SUFFIX } from "../protocol/topics.ts";
import type { StartConfig } from "./config.ts";
import type { Secrets } from "./secrets.ts";
import { join } from "node:path";

/** Variables of a process, as `child_process` takes them. */
export type ProcessEnvironment = { readonly [name: string]: string | undefined };

/** The environment of each part of one checkout: what the caller set, within what keeps the parts together. */
export type PartEnvironments = {
  readonly gateway: ProcessEnvironment;
  readonly worker: ProcessEnvironment;
  readonly consumer: ProcessEnvironment;
};

/** The user of the gateway that the Worker and the consumer share. */
const GATEWAY_USER = "rejoinder";

/** A topic that the contract names is there at the next start: six partitions let six consumers share the work. */
const withDeadLetters = (topic: string): readonly string[] => [`${topic}:6`, `${topic}${DEAD_LETTER_SUFFIX}:1`];

/** What the contract needs: handlers and responders have six partitions, as have the replies of responders. */
const topicsToProvide = (contract: Contract): readonly string[] => [
  ...handledTopicsOf(contract).flatMap(withDeadLetters),
  ...[...respondedOperationsOf(contract)].flatMap(([replyTopic, { topic }]) => [`${topic}:6`, `${replyTopic}:6`]),
];

export const createPartEnvironments = (
  config: StartConfig,
  secrets: Secrets,
  environment: ProcessEnvironment,
  contract: Contract,
): PartEnvironments => {
  const kafkaRest = {
    UPSTASH_KAFKA_REST_URL: `http://127.0.0.1:${config.gatewayPort}`,
    UPSTASH_KAFKA_REST_USERNAME: GATEWAY_USER,
    UPSTASH_KAFKA_REST_PASSWORD: secrets.gatewayPassword,
  };
  const all = {
    LOG_FORMAT: "pretty",
    ...environment,
    // An orphan would hold its port and its files against the next start.
    EXIT_WITH_PARENT: "1",
    REJOINDER_DIR: config.directory,
  };
  return {
    gateway: {
      GATEWAY_TOPICS: [...new Set(topicsToProvide(contract))].join(","),
      ...all,
      GATEWAY_ENGINE: config.kafkaBrokers === undefined ? "embedded" : "kafka",
      GATEWAY_HOST: "127.0.0.1",
      GATEWAY_PORT: String(config.gatewayPort),
      GATEWAY_DATA_DIR: join(config.directory, "gateway"),
      GATEWAY_CREDENTIALS: `${GATEWAY_USER}:${secrets.gatewayPassword}`,
    },
    worker: {
      // One workerd is one thread: more shards only cost.
      MAILBOX_SHARDS: "1",
      REPLY_STORE: "mailbox",
      PUBLIC_URL: `http://localhost:${config.port}`,
      ...all,
      ...kafkaRest,
      PORT: String(config.port),
      ENVIRONMENT: "local",
      // Only this machine can call it.
      AUTH: "public",
      KAFKA_REST_KIND: "upstash",
      CORRELATION_SECRET: secrets.CORRELATION_SECRET,
      REPLY_SECRET: secrets.REPLY_SECRET,
    },
    consumer: {
      SOURCE: config.kafkaBrokers === undefined ? "upstash" : "kafka",
      ...all,
      ...kafkaRest,
      WORKER_URL: `http://127.0.0.1:${config.port}`,
      REPLY_SECRET: secrets.REPLY_SECRET,
    },
  };
};
