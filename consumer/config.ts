import { hostname } from "node:os";
import { resolve } from "node:path";
import * as z from "zod";
import { type Contract, findOperation } from "../contract/contract.ts";
import { type Demand, type Environment, readEnvironment } from "../environment/environment.ts";
import { metricsVariables, processVariables } from "../environment/process-variables.ts";
import { commaList, httpUrl, integer, kafkaRestVariables } from "../environment/variables.ts";
import { demandKafka, type KafkaConnection, kafkaConnectionOf, kafkaVariables } from "../kafka/config.ts";
import { isTopic, RETRY_SUFFIX } from "../protocol/topics.ts";
import { readWebhookSecret } from "../protocol/webhook-signature.ts";
import { subjectsFolderOf } from "./personal/subjects-folder.ts";

/** The consumer's configuration. */
export type ConsumerConfig = ReturnType<typeof readConsumerConfig>;

const NAME = /^[A-Za-z0-9._-]{1,200}$/;
const name = () => z.string().regex(NAME, "Expected 1 to 200 of the characters A-Z a-z 0-9 . _ -, since it is part of a path.");

const replySecret = commaList().refine(
  (secrets) => secrets.length >= 1 && secrets.length <= 2 && secrets.every((secret) => readWebhookSecret(secret) !== undefined),
  "Expected one or two comma-separated secrets, the new one first, each whsec_ and base64 of 24 to 64 bytes.",
);

const isHandled = (contract: Contract, name: string): boolean => {
  const operation = findOperation(contract, name);
  return operation !== undefined && operation.responder === undefined;
};

/** Topic=operation, comma-separated, as a map. */
const requestTopics = (contract: Contract) =>
  commaList()
    .transform((pairs) => pairs.map((pair) => pair.split("=")))
    .refine(
      (pairs) => pairs.every(([topic = "", name = "", ...rest]) => rest.length === 0 && isTopic(topic) && isHandled(contract, name)),
      "Expected topic=operation, comma-separated, with operations of the contract that have handlers, such as sum.requests=sum.",
    )
    .transform((pairs): ReadonlyMap<string, string> => new Map(pairs as [string, string][]));

const replyTopics = () =>
  commaList()
    .refine((topics) => topics.every((topic) => isTopic(topic)), "Expected topics, comma-separated.")
    .transform((topics): ReadonlySet<string> => new Set(topics));

type KafkaRestVariable = keyof typeof kafkaRestVariables;

const DEFAULT_GROUP = "rejoinder";

const relayGroupOf = (group: string): string => `${group}-relay`;
const policyGroupOf = (group: string): string => `${group}-policies`;
const GROUPS = [
  ["CONSUMER_RELAY_GROUP", relayGroupOf],
  ["CONSUMER_POLICY_GROUP", policyGroupOf],
] as const;
const retryGroupOf = (group: string): string => group + RETRY_SUFFIX;

/** Required only where they are used: see {@link demand}. */
const optionally = <Name extends KafkaRestVariable>(name: Name) =>
  kafkaRestVariables[name].optional().describe(kafkaRestVariables[name].description ?? "");

const schema = (contract: Contract, host: string) =>
  z.object({
    SOURCE: z.enum(["upstash", "kafka"], "Expected upstash or kafka.").default("upstash"), // npm start needs no cluster
    UPSTASH_KAFKA_REST_URL: optionally("UPSTASH_KAFKA_REST_URL"),
    UPSTASH_KAFKA_REST_USERNAME: optionally("UPSTASH_KAFKA_REST_USERNAME"),
    UPSTASH_KAFKA_REST_PASSWORD: optionally("UPSTASH_KAFKA_REST_PASSWORD"),
    ...kafkaVariables,
    SPRING_REQUEST_TOPICS: requestTopics(contract).optional(), // without it, only the Worker asks
    REPLY_TOPICS: replyTopics().optional().describe("Set it to the topics that requests may name for their replies, comma-separated."),
    WORKER_URL: httpUrl().describe("Set it to the URL of the Worker, such as http://127.0.0.1:8787."),
    REPLY_SECRET: replySecret.describe("Set it to the Worker's REPLY_SECRET, such as whsec_ and the output of: openssl rand -base64 32."),
    CONSUMER_GROUP: name().default(DEFAULT_GROUP), // one deployment, one group
    CONSUMER_RELAY_GROUP: name().optional(),
    CONSUMER_POLICY_GROUP: name().optional(),
    CONSUMER_INSTANCE: name().default(`${host.replace(/[^A-Za-z0-9._-]/g, "-").slice(0, 190) || "consumer"}-1`), // a restarted process takes up its own partitions again
    CONSUMER_CONCURRENCY: integer(1, 10_000).default(64), // handlers mostly wait: enough to hide that, few enough to be fair
    CONSUMER_DATA_DIR: z.string().default(".rejoinder/consumer"), // beside the data of the other parts
    CONSUMER_SUBJECTS_DIR: z.string().optional(),
    CONSUMER_DRAIN_TIMEOUT_MS: integer(0, 3_600_000).default(2_000), // Ctrl-C should feel prompt; requests that are cut off are handled again
    ...metricsVariables,
    ...processVariables,
  });

/** What the chosen source needs. */
const demandSource: Demand = (set) => {
  const asked = set["SPRING_REQUEST_TOPICS"] !== undefined;
  if (set["SOURCE"] === "kafka")
    return { ...demandKafka(set), ...(asked && set["REPLY_TOPICS"] === undefined ? { REPLY_TOPICS: "Expected topics." } : {}) };
  const missing = Object.keys(kafkaRestVariables).filter((name) => set[name] === undefined);
  return {
    ...Object.fromEntries(missing.map((name) => [name, "Expected it, for SOURCE=upstash."])),
    ...(asked ? { SPRING_REQUEST_TOPICS: "Expected SOURCE=kafka, since a Kafka REST proxy does not carry bytes in headers." } : {}),
  };
};

const demand: Demand = (set) => {
  const { CONSUMER_GROUP: group = DEFAULT_GROUP } = set;
  const taken = [String(group), retryGroupOf(String(group))];
  const wrong: Record<string, string> = {};
  for (const [variable, groupOf] of GROUPS) {
    const other = String(set[variable] ?? groupOf(String(group)));
    if (taken.includes(other)) wrong[variable] = `Expected another group than ${taken.join(" and ")}, which read other topics.`;
    taken.push(other);
  }
  return { ...demandSource(set), ...wrong };
};

/**
 * Reads the configuration of a consumer that answers this contract.
 * @throws ConfigurationError with every problem.
 */
export const readConsumerConfig = (environment: Environment, contract: Contract, host: string = hostname()) => {
  const values = readEnvironment(schema(contract, host), environment, demand);
  return {
    source: sourceOf(values),
    /** Requesters that wait on Kafka: the operation that each request topic asks for, and the only topics for replies. */
    requesters: values.SPRING_REQUEST_TOPICS && {
      requestTopics: values.SPRING_REQUEST_TOPICS,
      replyTopics: values.REPLY_TOPICS ?? new Set<string>(),
    },
    workerUrl: values.WORKER_URL,
    /** Key bytes, newest first: the first signs replies, and any may have signed a caller. */
    replyKeys: values.REPLY_SECRET.map((secret) => readWebhookSecret(secret) as Uint8Array<ArrayBuffer>),
    group: values.CONSUMER_GROUP,
    /** Reads the requests that wait for another attempt. */
    retryGroup: retryGroupOf(values.CONSUMER_GROUP),
    /** Reads the replies of responders. Never the group of the requests, whose members would get records of both. */
    relayGroup: values.CONSUMER_RELAY_GROUP ?? relayGroupOf(values.CONSUMER_GROUP),
    /** Reads the events that policies follow. */
    policyGroup: values.CONSUMER_POLICY_GROUP ?? policyGroupOf(values.CONSUMER_GROUP),
    instance: values.CONSUMER_INSTANCE,
    concurrency: values.CONSUMER_CONCURRENCY,
    /** Absolute. Made when a handler does its first step by `once`. */
    dataDir: resolve(values.CONSUMER_DATA_DIR),
    /** Absolute. Of the file of keys of personal data; made if an aggregate has any. */
    subjectsDir: subjectsFolderOf(values),
    drainTimeoutMs: values.CONSUMER_DRAIN_TIMEOUT_MS,
    log: values,
    /** Where to serve health, readiness and metrics. Undefined: nowhere. */
    metrics: values.METRICS_PORT === undefined ? undefined : { host: values.METRICS_HOST, port: values.METRICS_PORT },
    exitWithParent: values.EXIT_WITH_PARENT,
  } as const;
};

/** Where requests come from, and how it is reached. */
export type SourceConfig =
  | { readonly kind: "upstash"; readonly url: string; readonly username: string; readonly password: string }
  | { readonly kind: "kafka"; readonly connection: KafkaConnection };

const sourceOf = (values: z.output<ReturnType<typeof schema>>): SourceConfig => {
  if (values.SOURCE === "kafka") return { kind: "kafka", connection: kafkaConnectionOf(values) };
  const {
    UPSTASH_KAFKA_REST_URL: url = "",
    UPSTASH_KAFKA_REST_USERNAME: username = "",
    UPSTASH_KAFKA_REST_PASSWORD: password = "",
  } = values;
  return { kind: "upstash", url, username, password };
};
