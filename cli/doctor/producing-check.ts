import { type Contract, topicsOf } from "../../contract/contract.ts";
import type { Environment } from "../../environment/environment.ts";
import { createProducer, readWorkerProducerConfig } from "../../worker/producer-config.ts";
import type { Producer } from "../../worker/producer.ts";
import { kafkaProducer } from "../../worker/producers/kafka/kafka-producer.ts";
import { ExpectedError } from "../expected-error.ts";
import { openTcpSocket } from "./tcp-socket.ts";

/** The reasons why requests cannot be produced, a line each. */
export class ProducingCheckError extends ExpectedError {
  override readonly name = "ProducingCheckError";

  constructor(way: string, problems: readonly string[]) {
    super(`Requests cannot be produced ${way}:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
  }
}

/** A proxy whose Kafka does not respond may take a minute. That is too long at a terminal. */
const TIMEOUT_MS = 15_000;

/**
 * Checks with the Worker's own driver whether the Worker could produce with these variables: whether the brokers or the proxy can be reached, are
 * what they should be, accept the credentials, and know the topics of the contract. Stores nothing. Resolves to a sentence that says so.
 * @throws ConfigurationError, ProducingCheckError
 */
export const checkProducing = async (environment: Environment, contract: Contract, now: () => number = Date.now): Promise<string> => {
  const topics = topicsOf(contract);
  const { way, producer, more } = openProducer(environment, contract);
  const problems = await producer.check(topics, now() + TIMEOUT_MS);
  if (problems.length > 0) throw new ProducingCheckError(way, problems);
  return `Requests can be produced ${way}: it lets this caller in and has ${topics.join(", ")}.${more}`;
};

type Way = { readonly way: string; readonly producer: Pick<Producer, "check">; readonly more: string };

const openProducer = (environment: Environment, contract: Contract): Way => {
  const config = readWorkerProducerConfig(environment, contract, { hasObjects: environment["REPLY_STORE"] !== "kv" });
  if (config.kind !== "kafka")
    return { way: `through ${config.kind} at ${config.url}`, producer: createProducer({ kafkaRest: config }, {}), more: "" };
  return {
    way: `to Kafka at ${config.connection.brokers.join(", ")}`,
    producer: kafkaProducer({ kafka: config.connection, openSocket: openTcpSocket }),
    more: " That was tried from this machine: a Worker on Cloudflare reaches only brokers with public addresses.",
  };
};
