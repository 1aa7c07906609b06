import process from "node:process";
import { collectDefaultMetrics, Registry } from "prom-client";
import { createLog } from "../environment/log.ts";
import { untilToldToStop } from "../environment/told-to-stop.ts";
import { readGatewayConfig } from "./config.ts";
import { openEmbeddedEngine } from "./embedded/embedded-engine.ts";
import { startGateway } from "./server.ts";

const fail = (error: unknown): never => {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
};

const start = async (): Promise<void> => {
  const config = readGatewayConfig(process.env);
  const { GATEWAY_HOST: host, GATEWAY_PORT: port, GATEWAY_DATA_DIR: dataDir } = config;
  const log = createLog(config);
  const engine = openEmbeddedEngine(
    {
      dataDir,
      fsync: config.GATEWAY_FSYNC,
      topics: config.GATEWAY_TOPICS,
      retention: { ms: config.GATEWAY_RETENTION_MS, bytes: config.GATEWAY_RETENTION_BYTES },
      partitionsOnDemand: config.GATEWAY_AUTO_CREATE_TOPICS ? config.GATEWAY_NUM_PARTITIONS : undefined,
    },
    { log },
  );
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gateway = await startGateway(
    { host, port, credentials: config.GATEWAY_CREDENTIALS, corsOrigins: config.GATEWAY_CORS_ORIGINS },
    { engine, log, registry },
  ).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EADDRINUSE") return fail(new Error(`Port ${port} of ${host} is taken: set GATEWAY_PORT to another.`));
    return fail(error);
  });
  log.info({ url: gateway.url, dataDir, fsync: config.GATEWAY_FSYNC }, `gateway at ${gateway.url}`);
  const toldToStop = untilToldToStop({ exitWithParent: config.EXIT_WITH_PARENT, onAgain: () => process.exit(1) });
  process.send?.({ type: "ready", url: gateway.url });

  const reason = await toldToStop;
  log.info(`${reason}: stopping`);
  await gateway.stop();
  log.info("stopped");
  process.exit(0);
};

await start().catch(fail);
