import { collectDefaultMetrics, Registry } from "prom-client";
import type { Environment } from "../environment/environment.ts";
import { createLog, type Log } from "../environment/log.ts";
import { untilShutdown } from "../environment/shutdown-signal.ts";
import { kafkaConnectionOf } from "../kafka/config.ts";
import { type GatewayConfig, readGatewayConfig } from "./config.ts";
import { openEmbeddedEngine } from "./embedded/embedded-engine.ts";
import type { Engine } from "./engine.ts";
import { keepHeapSmall } from "./heap.ts";
import { type Gateway, startGateway } from "./server.ts";

const fail = (error: unknown): never => {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
};

/** The engine, and what the first line of the log says of it. */
type Opened = { readonly engine: Engine; readonly told: object };

const openEngine = async (config: GatewayConfig, log: Log): Promise<Opened> => {
  const topics = config.GATEWAY_TOPICS;
  const partitionsOnDemand = config.GATEWAY_AUTO_CREATE_TOPICS ? config.GATEWAY_NUM_PARTITIONS : undefined;
  if (config.GATEWAY_ENGINE === "kafka") {
    // Imported only here: loading the client takes longer than the rest of the start.
    const { openKafkaEngine } = await import("./kafka/kafka-engine.ts");
    const connection = kafkaConnectionOf(config);
    const replicas = config.GATEWAY_REPLICATION_FACTOR;
    return {
      engine: await openKafkaEngine({ connection, topics, replicas, partitionsOnDemand }, { log }),
      told: { brokers: connection.brokers },
    };
  }
  const { GATEWAY_DATA_DIR: dataDir, GATEWAY_FSYNC: fsync } = config;
  const retention = { ms: config.GATEWAY_RETENTION_MS, bytes: config.GATEWAY_RETENTION_BYTES };
  return { engine: openEmbeddedEngine({ dataDir, fsync, topics, retention, partitionsOnDemand }, { log }), told: { dataDir, fsync } };
};

/** Opens the engine that a configuration names, and serves it. @throws Error if one of both is not possible, and says why */
export const openGateway = async (config: GatewayConfig, log: Log): Promise<Gateway> => {
  const { GATEWAY_HOST: host, GATEWAY_PORT: port } = config;
  const { engine, told } = await openEngine(config, log);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gateway = await startGateway(
    { host, port, credentials: config.GATEWAY_CREDENTIALS, corsOrigins: config.GATEWAY_CORS_ORIGINS },
    { engine, log, registry },
  ).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE") throw error;
    throw new Error(`Port ${port} of ${host} is taken: set GATEWAY_PORT to another.`, { cause: error });
  });
  log.info({ url: gateway.url, ...told }, `gateway at ${gateway.url}`);
  return gateway;
};

const start = async (environment: Environment): Promise<void> => {
  keepHeapSmall();
  const config = readGatewayConfig(environment);
  const log = createLog(config);
  const gateway = await openGateway(config, log);
  const shutdown = untilShutdown({ exitWithParent: config.EXIT_WITH_PARENT, onAgain: () => process.exit(1) });
  process.send?.({ type: "ready", url: gateway.url });

  const reason = await shutdown;
  log.info(`${reason}: stopping`);
  await gateway.stop();
  log.info("stopped");
  process.exit(0);
};

/**
 * Runs the gateway until this process is told to stop. It ends the process: with 0 once everybody who waits is answered, with 1 if it cannot
 * start, after saying why.
 */
export const runGateway = (environment: Environment): Promise<void> => start(environment).catch(fail);
