import { createLog } from "../../environment/log.ts";
import { untilShutdown } from "../../environment/shutdown-signal.ts";
import { ExpectedError } from "../expected-error.ts";
import { loadWorker, readProject } from "../project.ts";
import { PortTakenError } from "../start/port.ts";
import { readServeConfig, type ServeConfig } from "./config.ts";
import { openServedWorker } from "./served-worker.ts";

/** How long a stop waits for calls that are being answered. */
const DRAIN_TIMEOUT_MS = 2_000;

/**
 * Serves the Worker of the project in this folder as the environment says until the process is told to stop, and says over IPC when it is ready.
 * @throws ProjectError, ConfigurationError, ExpectedError: each says what to do
 */
export const runServe = async (): Promise<void> => {
  const worker = await loadWorker(readProject());
  const config = readServeConfig(process.env, worker);
  const log = createLog(config.process);
  const served = await openServedWorker(worker, config, log).catch((error: unknown) => {
    throw openingError(error, config);
  });
  const shutdown = untilShutdown({ exitWithParent: config.process.EXIT_WITH_PARENT, onAgain: () => process.exit(1) });
  process.send?.({ type: "ready", url: served.url, gatewayUrl: served.gatewayUrl });
  log.info(`${await shutdown}: draining`);
  await served.drain(DRAIN_TIMEOUT_MS);
  log.info("drained");
};

/** What the system, SQLite or Kafka refuses is a sentence already; all else is a fault of this program, and keeps its stack. */
const openingError = (error: unknown, { worker }: ServeConfig): unknown => {
  if (!(error instanceof Error) || (error.constructor !== Error && error.name !== "KafkaError")) return error;
  const { code, address, port } = error as ListenError;
  if (code !== "EADDRINUSE") return new ExpectedError(error.message, { cause: error });
  const variable = port === worker.METRICS_PORT ? "METRICS_PORT" : "PORT";
  return new PortTakenError(`Port ${port} of ${address} is taken. Set ${variable} to a free one.`, { cause: error });
};

/** What Node says when it cannot listen. */
type ListenError = NodeJS.ErrnoException & { readonly address?: string; readonly port?: number };
