import type { Contract } from "../../../contract/contract.ts";
import type { Log } from "../../../environment/log.ts";
import { startMetricsServer } from "../../../environment/metrics-server.ts";
import { systemTime, type Time } from "../../../environment/time.ts";
import { createTracing, type Telemetry } from "../../../protocol/tracing.ts";
import { createApp } from "../../app.ts";
import { namedHosts } from "../../config.ts";
import { isConsoleOn } from "../../console.ts";
import { isDocsOn } from "../../docs.ts";
import { readDescription } from "../../description/described-api.ts";
import { createCorrelationIds } from "../../correlation-id.ts";
import { headerAddress } from "../../limits/caller-address.ts";
import { checkPlans } from "../../limits/plans.ts";
import { createEntrance, createHostCheck } from "../../entrance.ts";
import { createLinkEndpoint } from "../../link/link-endpoint.ts";
import { createHeard } from "../../link/presence.ts";
import { traceIntake } from "../../message-tracing.ts";
import type { DeadLetterLog } from "../../dead-letters/log.ts";
import type { Producer } from "../../producer.ts";
import { createReplyIntake } from "../../reply-intake.ts";
import { isRequestLogOn } from "../../request-observer.ts";
import { nodeSha256, openApiKeys } from "./api-keys.ts";
import type { WorkerSettings } from "../../define-worker.ts";
import { createIdentity } from "../../identity/identity.ts";
import type { NodeHostConfig } from "./config.ts";
import { readConsoleFiles } from "./console-files.ts";
import { createNodeMac, createRandomPool, nodeIds } from "./correlation-id-platform.ts";
import { createHealth } from "./health.ts";
import { nodeLimits } from "./limits.ts";
import { createLinks } from "./links.ts";
import { localMailbox } from "./local-mailbox.ts";
import { openMailbox } from "./mailbox.ts";
import { connectionAddress, startServer } from "./server.ts";
import { openViews } from "./views.ts";
import { openWebhooks } from "./webhooks.ts";

export type NodeHostOptions = Pick<WorkerSettings, "authenticate" | "principalOf" | "plans" | "mayReadRow"> & {
  readonly contract: Contract;
  /** As in `defineWorker`. */
  readonly telemetry?: Telemetry | undefined;
  readonly config: NodeHostConfig;
  /** Where requests go. Whoever made it closes it, after the host. */
  readonly producer: Producer;
  /** Where dead letters are read, closed as the producer is. Absent: nowhere. */
  readonly deadLetters?: DeadLetterLog | undefined;
  /** The folder of the statuses; made if it is not there, and held by this process alone. */
  readonly directory: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The folder of the built console. The reference of the API is in it, too. Absent: there is neither. */
  readonly assets?: string | undefined;
  readonly log: Pick<Log, "info" | "warn" | "error">;
  readonly time?: Time;
};

export type NodeHost = {
  readonly url: string;
  /** Where the metrics are; undefined without METRICS_PORT. */
  readonly metricsUrl: string | undefined;
  /** Ends well: takes no more calls, answers those who wait with what is known, and closes. After `timeoutMs` it cuts what is left. */
  drain(timeoutMs: number): Promise<void>;
  /** Ends at once. What was acknowledged stays. */
  close(): Promise<void>;
};

/** Attempts at webhooks at the same time: one process has connections enough for all shards. */
const MAX_SENDS = 32;

/**
 * The Worker of a contract in this process, over HTTP. Its statuses are in one file of SQLite.
 * @throws Error if a port is taken, the folder is in use or cannot be written, or a plan is wrong
 */
export const openNodeHost = async (options: NodeHostOptions): Promise<NodeHost> => {
  const {
    contract,
    authenticate,
    principalOf,
    plans,
    mayReadRow,
    telemetry,
    config,
    producer,
    deadLetters,
    directory,
    host,
    port,
    assets,
    log,
    time = systemTime,
  } = options;
  if (plans !== undefined) checkPlans(plans);
  const tracing = telemetry && createTracing(telemetry);
  const files = assets === undefined ? undefined : readConsoleFiles(assets);
  const webhooks = await openWebhooks(config, [host]);
  const opened = await openMailbox({
    config,
    producer,
    tracing,
    directory,
    links: () => links.count(),
    otherWaits: () => views?.waiting() ?? 0,
    onCancel: (id) => links.cancel(id),
    webhooks: webhooks && { send: webhooks.send, maxSends: MAX_SENDS },
    log,
    time,
  });
  const { mailbox, storage, metrics } = opened;
  const views = await openViews(contract, { storage, log, time });
  const ids = createCorrelationIds({
    secrets: config.CORRELATION_SECRET,
    environment: config.ENVIRONMENT,
    now: time.now,
    random: createRandomPool(),
    platform: nodeIds,
  });
  const endpoint = createLinkEndpoint({
    intake: traceIntake(tracing, createReplyIntake({ ids, write: mailbox.write, now: time.now })),
    operations: Object.keys(contract),
    shards: config.MAILBOX_SHARDS,
    openCancellations: mailbox.openCancellations,
    now: time.now,
    time,
    warn: (message) => log.warn(message),
    logError: (message, error) => log.error({ err: error }, message),
  });
  const links = createLinks({ endpoint, heard: createHeard(storage.sql), time, log });
  const store = localMailbox({ mailbox, storage, isMissing: links.isMissing, log });
  const apiKeys = openApiKeys(storage, { environment: config.ENVIRONMENT, time, log });
  // Nobody but a proxy knows how its callers came.
  const isPlain = ({ headers }: Request): boolean => headers.get("x-forwarded-proto") === "http";
  const { CLIENT_ADDRESS_HEADER: header } = config;
  const addressOf = header === undefined ? connectionAddress : headerAddress(header);
  const app = createApp({
    ...createIdentity({
      config,
      contract,
      ids,
      authenticate,
      principalOf,
      keys: apiKeys.authenticate,
      sharesLoads: true,
      isPlain,
      now: time.now,
    }),
    apiKeys,
    contract,
    ids,
    addressOf,
    limits: plans && nodeLimits({ plans, storage, mailbox, addressOf, now: time.now, log }),
    views: views?.store,
    mayReadRow,
    publisher: store,
    statuses: store,
    listRequests: config.REQUEST_INDEX === "on" ? store.list : undefined,
    shards: config.MAILBOX_SHARDS,
    source: config.PUBLIC_URL ?? "/worker",
    corsOrigins: config.CORS_ORIGINS,
    replySecrets: config.REPLY_SECRET,
    openLink: links.openLink,
    consumers: links.consumers,
    webhookKeys: webhooks?.keys,
    webhookPolicy: webhooks?.policy,
    deadLetters,
    assets: isConsoleOn(config) ? files : undefined,
    docs: isDocsOn(config) ? files : undefined,
    description: readDescription(config, authenticate),
    findProblem: createHealth(storage),
    tracing,
    logRequest: isRequestLogOn(config) ? (line) => log.info(line, "request") : undefined,
    now: time.now,
    sha256: nodeSha256,
    createMac: createNodeMac,
  });
  try {
    const { METRICS_PORT: metricsPort, METRICS_HOST: metricsHost } = config;
    const metricsServer =
      metricsPort === undefined
        ? undefined
        : await startMetricsServer({ host: metricsHost, port: metricsPort }, { "/metrics": metrics.read });
    const server = await startServer({
      host,
      port,
      fetch: createEntrance((request, bindings) => app.fetch(request, bindings), createHostCheck([host, ...namedHosts(config)])),
      onAnswered: metrics.answered,
      links,
    }).catch(async (error: unknown) => {
      await metricsServer?.close();
      throw error;
    });
    const stop = async (): Promise<void> => {
      await Promise.all([server.stop(), links.close()]);
      await metricsServer?.close();
      await views?.close();
      await opened.close();
      await webhooks?.close();
    };
    let ended: Promise<void> | undefined;
    const end = async (withinMs: number): Promise<void> => {
      const cutting = time.setTimeout(() => {
        server.cut();
        links.cut();
      }, withinMs);
      opened.endWaits();
      views?.endWaits();
      await (ended ??= stop());
      time.clearTimeout(cutting);
    };
    return { url: server.url, metricsUrl: metricsServer && `${metricsServer.url}/metrics`, drain: end, close: () => end(0) };
  } catch (error) {
    await links.close();
    await views?.close();
    await opened.close();
    await webhooks?.close();
    throw error;
  }
};
