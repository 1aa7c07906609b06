import type { TestProject } from "vitest/node";
import { missingTools, provideJars } from "./jars.ts";
import { startKafka } from "./start-kafka.ts";

/** One broker for all suites of the project `kafka`. Where it cannot run, the output says why, and the suites take it from there. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const missing = (await missingTools()) ?? (await provideJars().then(() => undefined, messageOf));
  if (missing !== undefined) console.warn(`\nSKIPPED, as Apache Kafka cannot run here: the tests that need it. ${missing}\n`);
  if (missing !== undefined && (process.env["KAFKA_BROKERS"] ?? "") === "") {
    project.provide("kafka", { brokers: [], saslBrokers: [], tlsBrokers: [], missing });
    return async () => {};
  }
  const kafka = await startKafka({ nodes: 1 });
  const { brokers, saslBrokers, tlsBrokers } = kafka;
  project.provide("kafka", { brokers, saslBrokers, tlsBrokers, missing });
  return () => kafka.remove();
};

const messageOf = (error: unknown): string => (error as Error).message;
