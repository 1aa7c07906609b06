import * as z from "zod";
import { type Contract, topicsOf } from "../../contract/contract.ts";
import { type Demand, type Environment, readEnvironment } from "../../environment/environment.ts";
import { commaList, kafkaRestVariables } from "../../environment/variables.ts";
import { demandKafka, type KafkaConnection, kafkaConnectionOf, kafkaVariables } from "../../kafka/config.ts";
import { DEAD_LETTER_SUFFIX, deadLetterTopicOf } from "../../protocol/topics.ts";

/** Where dead letters are, by the variables of the consumer. */
export type DeadLettersConfig = {
  readonly log:
    | { readonly kind: "kafka"; readonly connection: KafkaConnection }
    | { readonly kind: "rest"; readonly url: string; readonly username: string; readonly password: string };
  /** The dead-letter topics of whatever the project sends or takes. */
  readonly topics: readonly string[];
};

const { UPSTASH_KAFKA_REST_URL, UPSTASH_KAFKA_REST_USERNAME, UPSTASH_KAFKA_REST_PASSWORD } = kafkaRestVariables;

const schema = z.object({
  SOURCE: z.enum(["upstash", "kafka"], "Expected upstash or kafka.").default("upstash"), // as the consumer has it
  UPSTASH_KAFKA_REST_URL: UPSTASH_KAFKA_REST_URL.default(""),
  UPSTASH_KAFKA_REST_USERNAME: UPSTASH_KAFKA_REST_USERNAME.default(""),
  UPSTASH_KAFKA_REST_PASSWORD: UPSTASH_KAFKA_REST_PASSWORD.default(""),
  ...kafkaVariables,
  SPRING_REQUEST_TOPICS: commaList().default([]), // their dead letters are ours, too
});

const demand: Demand = (set) => {
  if (set["SOURCE"] === "kafka") return demandKafka(set);
  const missing = Object.entries(kafkaRestVariables).filter(([name]) => set[name] === undefined);
  return Object.fromEntries(missing.map(([name]) => [name, "Expected it, for SOURCE=upstash."]));
};

/**
 * Reads where the dead letters of a project are.
 * @param contract undefined outside a project
 * @throws ConfigurationError with every problem
 */
export const readDeadLettersConfig = (environment: Environment, contract: Contract | undefined): DeadLettersConfig => {
  const values = readEnvironment(schema, environment, demand);
  const requested = values.SPRING_REQUEST_TOPICS.map((pair) => pair.split("=")[0] as string);
  const topics = [...new Set([...(contract === undefined ? [] : topicsOf(contract)), ...requested])].map(namedTopicOf);
  if (values.SOURCE === "kafka") return { log: { kind: "kafka", connection: kafkaConnectionOf(values) }, topics };
  const { UPSTASH_KAFKA_REST_URL: url, UPSTASH_KAFKA_REST_USERNAME: username, UPSTASH_KAFKA_REST_PASSWORD: password } = values;
  return { log: { kind: "rest", url, username, password }, topics };
};

/** The dead-letter topic that a name means: itself, or that of the topic. */
export const namedTopicOf = (topic: string): string => (topic.endsWith(DEAD_LETTER_SUFFIX) ? topic : deadLetterTopicOf(topic));
