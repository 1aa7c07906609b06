import { type Contract, topicsOf } from "../../contract/contract.ts";
import type { Environment } from "../../environment/environment.ts";
import { createProducer, readProducerConfig } from "../../worker/producer-config.ts";
import { ExpectedError } from "../expected-error.ts";

/** The reasons why requests cannot be produced, a line each. */
export class ProxyCheckError extends ExpectedError {
  override readonly name = "ProxyCheckError";

  constructor(proxy: string, problems: readonly string[]) {
    super(`Requests cannot be produced through ${proxy}:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
  }
}

/** A proxy whose Kafka does not respond may take a minute. That is too long at a terminal. */
const TIMEOUT_MS = 15_000;

/**
 * Checks with the Worker's own driver whether the Worker could produce with these variables: whether the proxy is of that kind, accepts the
 * credentials, and knows the topics of the contract. Stores nothing. Resolves to a sentence that says so.
 * @throws ConfigurationError, ProxyCheckError
 */
export const checkProxy = async (environment: Environment, contract: Contract, now: () => number = Date.now): Promise<string> => {
  const kafkaRest = readProducerConfig(environment, contract);
  const topics = topicsOf(contract);
  const proxy = `${kafkaRest.kind} at ${kafkaRest.url}`;
  const problems = await createProducer({ kafkaRest }, {}).check(topics, now() + TIMEOUT_MS);
  if (problems.length > 0) throw new ProxyCheckError(proxy, problems);
  return `Requests can be produced through ${proxy}: it lets this caller in and has ${topics.join(", ")}.`;
};
