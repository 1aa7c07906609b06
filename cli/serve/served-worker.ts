import type { Log } from "../../environment/log.ts";
import { openGateway } from "../../gateway/run-gateway.ts";
import { isConsoleOn } from "../../worker/console.ts";
import { isDocsOn } from "../../worker/docs.ts";
import { openNodeHost } from "../../worker/hosts/node/host.ts";
import type { DeadLetterLog } from "../../worker/dead-letters/log.ts";
import type { Producer } from "../../worker/producer.ts";
import type { WorkerSettings } from "../../worker/define-worker.ts";
import { createDeadLetterLog, createProducer } from "../../worker/producer-config.ts";
import { consoleDirectory } from "../worker/console-files.ts";
import type { RequestLogConfig, ServeConfig } from "./config.ts";
import { embeddedDeadLetters } from "./embedded-dead-letters.ts";
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
  const { producer, deadLetters, gatewayUrl, told, close } = await openRequestLog(requestLog, log);
  try {
    const assets = isConsoleOn(worker) || isDocsOn(worker) ? consoleDirectory() : undefined;
    const opened = await openNodeHost({ ...settings, config: worker, producer, deadLetters, directory, host, port, assets, log });
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
  readonly deadLetters: DeadLetterLog | undefined;
  readonly gatewayUrl?: string;
  /** For the first line. */
  readonly told: object;
  close(): Promise<void>;
};

const openRequestLog = async (config: RequestLogConfig, log: Log): Promise<OpenedRequestLog> => {
  if (config.kind === "rest") {
    const { proxy } = config;
    const producer = createProducer({ kafkaRest: proxy }, {});
    return { producer, deadLetters: createDeadLetterLog(proxy, {}), told: { kafkaRest: proxy.url }, close: async () => {} };
  }
  if (config.kind === "kafka") {
    // Imported only here: loading the client takes longer than the rest of the start.
    const [{ openKafkaProducer }, { kafkaLog }] = await Promise.all([
      import("./kafka-producer.ts"),
      import("../dead-letters/kafka-log.ts"),
    ]);
    const { connection } = config;
    const { producer, close } = await openKafkaProducer(config, log);
    const deadLetters = kafkaLog(connection);
    const closeBoth = async (): Promise<void> => {
      await deadLetters.close();
      await close();
    };
    return { producer, deadLetters, told: { brokers: connection.brokers }, close: closeBoth };
  }
  const gateway = await openGateway(config.gateway, log);
  const producer = embeddedProducer({ gateway });
  return { producer, deadLetters: embeddedDeadLetters(gateway), gatewayUrl: gateway.url, told: {}, close: () => gateway.stop() };
};
