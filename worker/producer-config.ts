import * as z from "zod";
import { type Contract, respondedOperationsOf } from "../contract/contract.ts";
import { ConfigurationError, type Demand, type Environment, isSet, readEnvironment } from "../environment/environment.ts";
import { demandLogin, httpUrl, kafkaClusterVariables, kafkaRestVariables, saslMechanism } from "../environment/variables.ts";
import type { DeadLetterLog } from "./dead-letters/log.ts";
import { restLog } from "./dead-letters/rest-log.ts";
import type { Producer } from "./producer.ts";
import { confluentProducer } from "./producers/confluent.ts";
import type { KafkaConnection } from "./producers/kafka/broker.ts";
import { basicAuthorization } from "./producers/proxy-connection.ts";
import { restV2Producer } from "./producers/rest-v2.ts";
import { strimziProducer } from "./producers/strimzi.ts";
import { upstashProducer } from "./producers/upstash.ts";

type Proxy = { readonly url: string; readonly authorization: string | undefined };

/** Which Kafka REST proxy there is, and how to reach it. */
export type ProducerConfig =
  | { readonly kind: "upstash"; readonly url: string; readonly username: string; readonly password: string }
  | ({ readonly kind: "confluent"; readonly clusterId: string } & Proxy)
  | ({ readonly kind: "strimzi" | "rest-v2" } & Proxy);

/** The cluster to produce to without a proxy. */
export type KafkaProducerConfig = { readonly kind: "kafka"; readonly connection: KafkaConnection };

const NO_FILES = "a Worker has no files";

/** All that a Worker can do. What its runtime would silently ignore is refused. */
const kafkaSchema = z.object({
  ...kafkaClusterVariables,
  KAFKA_SASL_MECHANISM: saslMechanism(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"], `: OAUTHBEARER needs a file, and ${NO_FILES}`),
  KAFKA_SSL_CA_FILE: z
    .undefined(
      `Expected none: ${NO_FILES}, and trusts public authorities only. Give the brokers certificates of one, or use a Kafka REST proxy.`,
    )
    .optional(),
  KAFKA_TOKEN_FILE: z.undefined(`Expected none: ${NO_FILES}.`).optional(),
});

/**
 * Reads how a Worker produces the requests of a contract: to Kafka itself if KAFKA_BROKERS is set, otherwise through a proxy.
 * @param hasObjects whether the Worker has Durable Objects, which can hold connections
 * @throws ConfigurationError with every problem.
 */
export const readWorkerProducerConfig = (
  env: Environment,
  contract: Contract,
  { hasObjects }: { readonly hasObjects: boolean },
): ProducerConfig | KafkaProducerConfig => {
  if (!isSet(env, "KAFKA_BROKERS")) return readProducerConfig(env, contract);
  const values = readEnvironment(kafkaSchema, env, demandLogin);
  if (!hasObjects)
    throw new ConfigurationError([
      "KAFKA_BROKERS: Expected none with REPLY_STORE=kv: only a mailbox can hold connections to Kafka. Set REPLY_STORE to mailbox, or use a Kafka REST proxy.",
    ]);
  const {
    KAFKA_BROKERS: brokers = [],
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_USERNAME: username = "",
    KAFKA_PASSWORD: password = "",
  } = values;
  const sasl = mechanism && { mechanism, username, password };
  return { kind: "kafka", connection: { brokers, clientId: values.KAFKA_CLIENT_ID, tls: values.KAFKA_SSL, sasl } };
};

const KINDS = ["upstash", "confluent", "strimzi", "rest-v2"] as const;

const kindSchema = z.object({
  /** The wire that the project's own gateway speaks. */
  KAFKA_REST_KIND: z.enum(KINDS, `Expected one of ${KINDS.join(", ")}.`).default("upstash"),
});

/** Responders need headers, which proxies of kind rest-v2 do not carry. */
const demandHeaders =
  (contract: Contract): Demand =>
  ({ KAFKA_REST_KIND: kind }): Record<string, string> => {
    const names = [...respondedOperationsOf(contract).values()].map(({ name }) => name);
    if (kind !== "rest-v2" || names.length === 0) return {};
    const why = `the responders of ${names.join(", ")} are sent headers, and its API has none`;
    return { KAFKA_REST_KIND: `Expected one of ${KINDS.filter((other) => other !== kind).join(", ")}: ${why}.` };
  };

/**
 * Reads how to produce the requests of a contract. Each kind of proxy has its own variables; those of other kinds are ignored.
 * @throws ConfigurationError with every problem.
 */
export const readProducerConfig = (env: Environment, contract: Contract): ProducerConfig => {
  const { KAFKA_REST_KIND: kind } = readEnvironment(kindSchema, env, demandHeaders(contract));
  if (kind === "upstash") {
    const values = readEnvironment(z.object(kafkaRestVariables), env);
    return {
      kind,
      url: values.UPSTASH_KAFKA_REST_URL,
      username: values.UPSTASH_KAFKA_REST_USERNAME,
      password: values.UPSTASH_KAFKA_REST_PASSWORD,
    };
  }
  if (kind === "confluent") {
    const values = readEnvironment(z.object({ ...proxyVariables(env, CONFLUENT_URL), ...clusterVariables }), env);
    return { kind, ...toProxy(values), clusterId: values.KAFKA_REST_CLUSTER_ID };
  }
  return { kind, ...toProxy(readEnvironment(z.object(proxyVariables(env, URLS[kind])), env)) };
};

/** `fetch` takes no URL with a user in it. */
const proxyUrl = () =>
  httpUrl().refine((url) => !/^https?:\/\/[^/]*@/.test(url), "Expected no user in it: set KAFKA_REST_USERNAME and KAFKA_REST_PASSWORD.");

const CONFLUENT_URL = proxyUrl()
  .refine((url) => !/\/v3(\/|$)/.test(url), "Expected what comes before /v3.")
  .describe("Set it to what comes before /v3, such as http://127.0.0.1:8082, or for Confluent Cloud https://….confluent.cloud/kafka.");

const URLS = {
  strimzi: proxyUrl().describe("Set it to the URL of the bridge, such as http://127.0.0.1:8080."),
  "rest-v2": proxyUrl().describe("Set it to the URL of the proxy, such as http://127.0.0.1:8082."),
};

const clusterVariables = {
  KAFKA_REST_CLUSTER_ID: z
    .string()
    .regex(/^[\w-]{1,64}$/, "Expected a cluster's ID, such as lkc-abc123.")
    .describe("Set it to the cluster's ID; GET /v3/clusters of the proxy tells it."),
};

/** A user needs a password; a token replaces both. Many proxies need none of them. */
const proxyVariables = (env: Environment, url: typeof CONFLUENT_URL) => {
  const isUser = isSet(env, "KAFKA_REST_USERNAME") || isSet(env, "KAFKA_REST_PASSWORD");
  const optional = z.string().optional();
  return {
    KAFKA_REST_URL: url,
    KAFKA_REST_USERNAME: isUser ? z.string().describe("Set it to the user of KAFKA_REST_PASSWORD.") : optional,
    KAFKA_REST_PASSWORD: isUser ? z.string().describe("Set it to the password of KAFKA_REST_USERNAME.") : optional,
    KAFKA_REST_TOKEN: isUser ? z.undefined("Expected either a token or a user with a password.").optional() : optional,
  };
};

const toProxy = (values: {
  readonly KAFKA_REST_URL: string;
  readonly KAFKA_REST_USERNAME?: string | undefined;
  readonly KAFKA_REST_PASSWORD?: string | undefined;
  readonly KAFKA_REST_TOKEN?: string | undefined;
}): Proxy => {
  const { KAFKA_REST_URL: url, KAFKA_REST_USERNAME: user, KAFKA_REST_PASSWORD: password, KAFKA_REST_TOKEN: token } = values;
  if (user !== undefined && password !== undefined) return { url, authorization: basicAuthorization(user, password) };
  return { url, authorization: token === undefined ? undefined : `Bearer ${token}` };
};

/** The dead letters behind the configured proxy; undefined if it cannot read from an offset, as only Upstash's dialect can. */
export const createDeadLetterLog = (kafkaRest: ProducerConfig | KafkaProducerConfig, env: object): DeadLetterLog | undefined =>
  kafkaRest.kind === "upstash" ? restLog({ ...kafkaRest, ...wayTo(env) }) : undefined;

const wayTo = (env: object): { readonly fetch: typeof fetch } | undefined => {
  const { KAFKA_REST: binding } = env as { readonly KAFKA_REST?: { fetch: typeof fetch } };
  return binding && { fetch: ((...args) => binding.fetch(...args)) as typeof fetch };
};

/**
 * The producer for the configured proxy. Calls go through the service binding KAFKA_REST if there is one: to a proxy in a private network,
 * or around the runtime's own proxy for outgoing calls.
 */
export const createProducer = ({ kafkaRest }: { readonly kafkaRest: ProducerConfig }, env: object): Producer => {
  const way = wayTo(env);
  switch (kafkaRest.kind) {
    case "upstash":
      return upstashProducer({ ...kafkaRest, ...way });
    case "confluent":
      return confluentProducer({ ...kafkaRest, ...way });
    case "strimzi":
      return strimziProducer({ ...kafkaRest, ...way });
    case "rest-v2":
      return restV2Producer({ ...kafkaRest, ...way });
  }
};
