import type { Contract } from "../contract/contract.ts";
import { createPartEnvironments, type ProcessEnvironment } from "./start/part-environments.ts";
import { readRunningStart } from "./start/running-start.ts";
import { readOrCreateSecrets } from "./start/secrets.ts";
import { startDirectoryOf, workerUrlOf } from "./worker-url.ts";

/** Where the Worker is, and the variables beside it. */
export type DeploymentEnvironment = {
  readonly url: string;
  /** Those of the consumer. */
  readonly environment: ProcessEnvironment;
  /** Those of the Worker that say how it produces. */
  readonly producing: ProcessEnvironment;
};

/**
 * The variables of the start that runs here, if its Worker is the one that is meant; otherwise those of this shell.
 * @param named the Worker's URL, if the call names one
 * @param contract undefined outside a project
 */
export const readDeploymentEnvironment = (
  named: string | undefined,
  environment: ProcessEnvironment,
  contract: Contract | undefined,
): DeploymentEnvironment => {
  const url = workerUrlOf(named, environment);
  const running = readRunningStart(startDirectoryOf(environment));
  if (contract === undefined || running === undefined || running.url !== url)
    return { url, environment, producing: withoutConsumers(environment) };
  const own = { ...environment, KAFKA_BROKERS: running.kafkaBrokers };
  const parts = createPartEnvironments(running, readOrCreateSecrets(running.directory), own, contract);
  // On Node the Worker has another producer for a cluster, which may have what this one may not.
  const producing = running.host === "node" ? { ...parts.worker, KAFKA_BROKERS: undefined } : parts.worker;
  return { url, environment: parts.consumer, producing };
};

/** Where a shell names a proxy and a cluster, the cluster is the consumer's. */
const withoutConsumers = (environment: ProcessEnvironment): ProcessEnvironment =>
  environment["UPSTASH_KAFKA_REST_URL"] || environment["KAFKA_REST_URL"] ? { ...environment, KAFKA_BROKERS: undefined } : environment;
