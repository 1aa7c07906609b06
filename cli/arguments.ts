import { ConfigurationError } from "../environment/environment.ts";
import type { ProcessEnvironment } from "./part-environments.ts";

/** Where Kafka listens unless somebody says otherwise. */
const DEFAULT_BROKERS = "localhost:9092";

/**
 * The environment of `npm start`, given what stands behind `--`: `--kafka` runs on a cluster, at KAFKA_BROKERS or where Kafka listens by default.
 * @throws ConfigurationError if there is anything else
 */
export const withArguments = (args: readonly string[], environment: ProcessEnvironment): ProcessEnvironment => {
  const unknown = args.filter((argument) => argument !== "--kafka");
  if (unknown.length > 0)
    throw new ConfigurationError(unknown.map((argument) => `Expected --kafka or nothing, got ${JSON.stringify(argument)}.`));
  return args.length === 0 ? environment : { ...environment, KAFKA_BROKERS: environment["KAFKA_BROKERS"] || DEFAULT_BROKERS };
};
