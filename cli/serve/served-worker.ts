import type { Log } from "../../environment/log.ts";
import { openGateway } from "../../gateway/run-gateway.ts";
import { isConsoleOn } from "../../worker/console.ts";
import { openNodeHost } from "../../worker/hosts/node/host.ts";
import type { Producer } from "../../worker/producer.ts";
import type { WorkerSettings } from "../../worker/define-worker.ts";
import { createProducer } from "../../worker/producer-config.ts";
import { consoleDirectory } from "../worker/console-files.ts";
import type { RequestLogConfig, ServeConfig } from "./config.ts";
import { embeddedProducer } from "./embedded-producer.ts";

/** The Worker of a project, in this process. */
export type ServedWorker = {
  /** Without a slash at the end. */
  readonly url: string;
  /** Where the log can be read that is in this process; undefined if the log is elsewhere. */
  readonly gatewayUrl: string | undefined;
  /** Ends it: whoever waits is answered. After `timeoutMs` it cuts what is left. */
  drain(timeoutMs: number): Promise<void>;
};

/** Opens the log that a configuration names, and the Worker over it. @throws Error saying what is not possible */
export const openServedWorker = async (
  settings: WorkerSettings,
  { host, port, directory, worker, requestLog }: ServeConfig,
  log: Log,
): Promise<ServedWorker> => {
  const { producer, gatewayUrl, told, close } = await openRequestLog(requestLog, log);
  try {
    const assets = isConsoleOn(worker) ? consoleDirectory() : undefined;
    const opened = await openNodeHost({ ...settings, config: worker, producer, directory, host, port, assets, log });
    const { url, metricsUrl } = opened;
    log.info({ url, metricsUrl, directory, fsync: worker.MAILBOX_FSYNC, ...told }, `Worker at ${url}`);
    return {
      url,
      gatewayUrl,
      async drain(timeoutMs) {
        await opened.drain(timeoutMs);
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
};

type OpenedRequestLog = {
  readonly producer: Producer;
  readonly gatewayUrl?: string;
  /** For the first line. */
  readonly told: object;
  close(): Promise<void>;
};

const openRequestLog = async (config: RequestLogConfig, log: Log): Promise<OpenedRequestLog> => {
  if (config.kind === "rest")
    return { producer: createProducer({ kafkaRest: config.proxy }, {}), told: { kafkaRest: config.proxy.url }, close: async () => {} };
  if (config.kind === "kafka") {
    // Imported only here: loading the client takes longer than the rest of the start.
    const { openKafkaProducer } = await import("./kafka-producer.ts");
    const { connection } = config;
    return { ...(await openKafkaProducer(config, log)), told: { brokers: connection.brokers } };
  }
  const gateway = await openGateway(config.gateway, log);
  return { producer: embeddedProducer({ gateway }), gatewayUrl: gateway.url, told: {}, close: () => gateway.stop() };
};
