import { resolve } from "node:path";
import * as z from "zod";
import { type Environment, readEnvironment } from "../environment/environment.ts";
import { processVariables } from "../environment/process-variables.ts";
import { integer } from "../environment/variables.ts";

/** What `npm start` and `npm run dev` read for themselves. All else in the environment is handed on to the parts. */
export type StartConfig = {
  /** Where the Worker listens, on 127.0.0.1. */
  readonly port: number;
  readonly gatewayPort: number;
  /** Absolute; holds the log, the Worker's storage, the secrets and the lock. */
  readonly directory: string;
  /** The cluster to run on; undefined: the gateway's own log. */
  readonly kafkaBrokers: string | undefined;
  /** Whether to stop when the process that started this one is gone. */
  readonly exitWithParent: boolean;
};

const schema = z.object({
  PORT: integer(1, 65_534).default(8787), // wrangler dev's own default
  GATEWAY_PORT: integer(1, 65_535).optional(),
  REJOINDER_DIR: z.string().default(".rejoinder"), // git-ignored, inside the checkout
  KAFKA_BROKERS: z.string().optional(), // read well by the parts
  EXIT_WITH_PARENT: processVariables.EXIT_WITH_PARENT,
});

/**
 * Reads the configuration of `npm start`. The gateway listens one port above the Worker unless GATEWAY_PORT says otherwise.
 * @throws ConfigurationError with every problem.
 */
export const readStartConfig = (environment: Environment): StartConfig => {
  const values = readEnvironment(schema, environment);
  return {
    port: values.PORT,
    gatewayPort: values.GATEWAY_PORT ?? values.PORT + 1,
    directory: resolve(values.REJOINDER_DIR),
    kafkaBrokers: values.KAFKA_BROKERS,
    exitWithParent: values.EXIT_WITH_PARENT,
  };
};
