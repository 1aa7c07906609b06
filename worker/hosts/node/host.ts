import type { Contract } from "../../../contract/contract.ts";
import type { Log } from "../../../environment/log.ts";
import { pause, systemTime, type Time } from "../../../environment/time.ts";
import { createApp } from "../../app.ts";
import { createArchive } from "../../archive.ts";
import { isConsoleOn } from "../../console.ts";
import { createCorrelationIds } from "../../correlation-id.ts";
import { createMailbox, type Mailbox } from "../../mailbox/mailbox.ts";
import { createProduceBatches } from "../../mailbox/produce-batches.ts";
import { createRows } from "../../mailbox/rows.ts";
import { createWaiters } from "../../mailbox/waiters.ts";
import type { Producer } from "../../producer.ts";
import { createAlarm } from "./alarm.ts";
import type { NodeHostConfig } from "./config.ts";
import { readConsoleFiles } from "./console-files.ts";
import { nodeIds } from "./correlation-id-platform.ts";
import { createSql, createTransaction, openDatabase } from "./database.ts";
import { createKeyValues } from "./key-values.ts";
import { localMailbox } from "./local-mailbox.ts";
import { startServer } from "./server.ts";

export type NodeHostOptions = {
  readonly contract: Contract;
  readonly config: NodeHostConfig;
  /** Where requests go. Whoever made it closes it, after the host. */
  readonly producer: Producer;
  /** The folder of the statuses; made if it is not there, and held by this process alone. */
  readonly directory: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The folder of the built console. Absent: there is no console. */
  readonly assets?: string | undefined;
  readonly log: Pick<Log, "warn" | "error">;
  readonly time?: Time;
};

export type NodeHost = {
  readonly url: string;
  /** Ends well: takes no more calls, answers those who wait with what is known, and closes. After `timeoutMs` it cuts what is left. */
  drain(timeoutMs: number): Promise<void>;
  /** Ends at once. What was acknowledged stays. */
  close(): Promise<void>;
};

/**
 * The Worker of a contract in this process, over HTTP. Its statuses are in one file of SQLite.
 * @throws Error if the port is taken, or the folder is in use or cannot be written
 */
export const openNodeHost = async ({
  contract,
  config,
  producer,
  directory,
  host,
  port,
  assets,
  log,
  time = systemTime,
}: NodeHostOptions): Promise<NodeHost> => {
  const database = openDatabase(directory);
  const keyValues = createKeyValues(database, time.now);
  const sweep = async (): Promise<void> => {
    keyValues.sweep();
    await mailbox.sweep();
  };
  const mailbox: Mailbox = createMailbox({
    rows: createRows(createSql(database)),
    archive: createArchive(keyValues),
    batches: createProduceBatches({ producer, now: time.now }),
    waiters: createWaiters({ time }),
    mailboxRetentionMs: config.MAILBOX_RETENTION_SECONDS * 1_000,
    transaction: createTransaction(database),
    alarm: createAlarm({ ring: sweep, time }),
    now: time.now,
    logError: (message, error) => log.error({ err: error }, message),
  });
  const store = localMailbox({ mailbox, settled: () => {}, log });
  const app = createApp({
    contract,
    ids: createCorrelationIds({ secrets: config.CORRELATION_SECRET, environment: config.ENVIRONMENT, now: time.now, platform: nodeIds }),
    publisher: store,
    statuses: store,
    shards: config.MAILBOX_SHARDS,
    source: config.PUBLIC_URL ?? "/worker",
    corsOrigins: config.CORS_ORIGINS,
    replySecrets: config.REPLY_SECRET,
    assets: assets !== undefined && isConsoleOn(config) ? readConsoleFiles(assets) : undefined,
    now: time.now,
  });
  await sweep();
  const { server, url } = await startServer({ host, port, fetch: (request) => app.fetch(request) });
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await closed;
    database.close();
  };
  return {
    url,
    async drain(timeoutMs) {
      server.close();
      server.closeIdleConnections();
      await Promise.race([closed, pause(time, timeoutMs)]);
      await close();
    },
    close,
  };
};
