import { type Contract, topicsOf } from "../contract/contract.ts";
import type { Environment } from "../environment/environment.ts";
import { createProducer, readProducerConfig } from "../worker/producer-config.ts";
import { ExpectedError } from "./expected-error.ts";

/** What keeps requests from being produced, a line each. */
export class ProxyCheckError extends ExpectedError {
  override readonly name = "ProxyCheckError";

  constructor(proxy: string, problems: readonly string[]) {
    super(`Requests cannot be produced through ${proxy}:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
  }
}

/** A proxy whose Kafka is away may think it over for a minute; nobody at a terminal waits so long. */
const TIMEOUT_MS = 15_000;

/**
 * Looks whether the Worker could produce with these variables, by its own driver: whether the proxy is of that kind, lets it in, and
 * knows the topics of the contract. Stores nothing. Resolves to a line that says so.
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
