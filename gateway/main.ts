import process from "node:process";
import { readGatewayConfig } from "./config.ts";
import { openEmbeddedEngine } from "./embedded/embedded-engine.ts";
import { createLog } from "./log.ts";
import { type Gateway, startGateway } from "./server.ts";

const fail = (error: unknown): never => {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
};

const start = async (): Promise<void> => {
  const config = readGatewayConfig(process.env);
  const { GATEWAY_HOST: host, GATEWAY_PORT: port, GATEWAY_DATA_DIR: dataDir } = config;
  const log = createLog(config);
  const engine = openEmbeddedEngine({ dataDir, fsync: config.GATEWAY_FSYNC, topics: config.GATEWAY_TOPICS });
  const gateway = await startGateway({ host, port, credentials: config.GATEWAY_CREDENTIALS }, { engine, log }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") return fail(new Error(`Port ${port} of ${host} is taken: set GATEWAY_PORT to another.`));
      return fail(error);
    },
  );
  log.info({ url: gateway.url, dataDir, fsync: config.GATEWAY_FSYNC }, `gateway at ${gateway.url}`);
  onStop(config.EXIT_WITH_PARENT, (reason) => stop(gateway, reason));
  process.send?.({ type: "ready", url: gateway.url });

  async function stop(running: Gateway, reason: string): Promise<void> {
    log.info(`${reason}: stopping`);
    await running.stop();
    log.info("stopped");
    process.exit(0);
  }
};

/** The same signal a second time is somebody who does not want to wait. */
const onStop = (withParent: boolean, stop: (reason: string) => Promise<void>): void => {
  const reasons = new Set<string>();
  const begin = (reason: string): void => {
    if (reasons.has(reason)) process.exit(1);
    reasons.add(reason);
    if (reasons.size === 1) stop(reason).catch(fail);
  };
  process.on("SIGTERM", begin);
  process.on("SIGINT", begin);
  if (withParent) process.on("disconnect", () => begin("parent gone"));
};

await start().catch(fail);
