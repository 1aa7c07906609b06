import { resolve } from "node:path";
import * as z from "zod";
import { type Environment, readEnvironment } from "../environment/environment.ts";
import { processVariables } from "../environment/process-variables.ts";
import { integer } from "../environment/variables.ts";

/** What `rejoinder start` and `rejoinder dev` read themselves. They hand everything else in the environment to the parts. */
export type StartConfig = {
  /** Where the Worker is to listen, on 127.0.0.1; undefined: at any port. */
  readonly port: number | undefined;
  /** The same of the gateway. */
  readonly gatewayPort: number | undefined;
  /** Absolute; holds the log, the Worker's storage, the secrets and the lock. */
  readonly directory: string;
  /** The cluster to run on; undefined: the gateway's own log. */
  readonly kafkaBrokers: string | undefined;
  /** Whether to stop when the process that started this one is gone. */
  readonly exitWithParent: boolean;
};

/** The port of the Worker if it is free and nobody names another: wrangler dev's own default. */
export const PREFERRED_PORT = 8787;

const schema = z.object({
  PORT: integer(1, 65_534).optional(),
  GATEWAY_PORT: integer(1, 65_535).optional(),
  REJOINDER_DIR: z.string().default(".rejoinder"), // git-ignored, inside the project
  KAFKA_BROKERS: z.string().optional(), // read well by the parts
  EXIT_WITH_PARENT: processVariables.EXIT_WITH_PARENT,
});

/**
 * Reads the configuration of `rejoinder start`.
 * @throws ConfigurationError with every problem.
 */
export const readStartConfig = (environment: Environment): StartConfig => {
  const values = readEnvironment(schema, environment);
  return {
    port: values.PORT,
    gatewayPort: values.GATEWAY_PORT,
    directory: resolve(values.REJOINDER_DIR),
    kafkaBrokers: values.KAFKA_BROKERS,
    exitWithParent: values.EXIT_WITH_PARENT,
  };
};
