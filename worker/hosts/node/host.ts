import type { Contract } from "../../../contract/contract.ts";
import type { Log } from "../../../environment/log.ts";
import { systemTime, type Time } from "../../../environment/time.ts";
import { createApp } from "../../app.ts";
import { createArchive } from "../../archive.ts";
import { isConsoleOn } from "../../console.ts";
import { createCorrelationIds } from "../../correlation-id.ts";
import { createLinkEndpoint } from "../../link/link-endpoint.ts";
import { createMailbox, type Mailbox } from "../../mailbox/mailbox.ts";
import { createProduceBatches } from "../../mailbox/produce-batches.ts";
import { createRows } from "../../mailbox/rows.ts";
import { createWaiters } from "../../mailbox/waiters.ts";
import type { Producer } from "../../producer.ts";
import { createReplyIntake } from "../../reply-intake.ts";
import { createAlarm } from "./alarm.ts";
import type { NodeHostConfig } from "./config.ts";
import { readConsoleFiles } from "./console-files.ts";
import { nodeIds } from "./correlation-id-platform.ts";
import { openMailboxDatabase } from "./database.ts";
import { createKeyValues } from "./key-values.ts";
import { createLinks } from "./links.ts";
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
  const logError = (message: string, error: unknown): void => log.error({ err: error }, message);
  const waiters = createWaiters({ time });
  const storage = openMailboxDatabase({ folder: directory, fsync: config.MAILBOX_FSYNC, isAlone: () => waiters.count <= 1 }, log);
  const keyValues = createKeyValues(storage.database, time.now);
  const sweep = async (): Promise<void> => {
    keyValues.sweep();
    await mailbox.sweep();
  };
  const mailbox: Mailbox = createMailbox({
    rows: createRows(storage.sql),
    archive: createArchive(keyValues),
    batches: createProduceBatches({ producer, now: time.now }),
    waiters,
    mailboxRetentionMs: config.MAILBOX_RETENTION_SECONDS * 1_000,
    transaction: storage.transaction,
    alarm: createAlarm({ ring: sweep, time }),
    now: time.now,
    logError,
  });
  const ids = createCorrelationIds({
    secrets: config.CORRELATION_SECRET,
    environment: config.ENVIRONMENT,
    now: time.now,
    platform: nodeIds,
  });
  const links = createLinks({
    endpoint: createLinkEndpoint({
      intake: createReplyIntake({ ids, write: (replies) => mailbox.write(replies), now: time.now }),
      warn: (message) => log.warn(message),
      logError,
    }),
    time,
    log,
  });
  const store = localMailbox({ mailbox, settled: storage.settled, log });
  const app = createApp({
    contract,
    ids,
    openLink: links.openLink,
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
  const server = await startServer({ host, port, fetch: (request) => app.fetch(request), links });

  /** Ends everything; what is not answered within that time is cut. */
  const end = async (withinMs: number): Promise<void> => {
    const stopped = server.stop();
    const cutting = time.setTimeout(() => server.cut(), withinMs);
    await Promise.all([stopped, links.close(withinMs)]);
    time.clearTimeout(cutting);
    await storage.close();
  };

  return { url: server.url, drain: end, close: () => end(0) };
};
