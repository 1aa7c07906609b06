import { once } from "node:events";
import { createServer } from "node:http";
import { answerBrokenRequest } from "../environment/broken-request.ts";
import { listen } from "../environment/listen.ts";
import { Registry } from "prom-client";
import type { Log } from "../environment/log.ts";
import { systemTime, type Time } from "../environment/time.ts";
import type { RecordMetadata } from "../protocol/kafka-record.ts";
import { createAuthenticator, type Credential } from "./credentials.ts";
import type { Engine, NewRecord } from "./engine.ts";
import { createFailureLog } from "./failure-log.ts";
import { type BudgetSizes, createBudgets, DEFAULT_BUDGETS } from "./budgets.ts";
import { createCors } from "./http/cors.ts";
import { GatewayError } from "./gateway-error.ts";
import { createListener } from "./http/listener.ts";
import { storeRecords } from "./http/produce.ts";
import { createMetrics } from "./metrics.ts";

export type GatewayOptions = {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly credentials: readonly Credential[];
  /** Origins whose pages may call, or `*`. */
  readonly corsOrigins?: readonly string[];
  /** A request must have arrived within this time. */
  readonly requestTimeoutMs?: number;
  /** The connection of a client that reads nothing of its response for so long is closed. */
  readonly unreadTimeoutMs?: number;
  readonly budgets?: Partial<BudgetSizes>;
};

export type GatewaySeams = {
  readonly engine: Engine;
  readonly log: Pick<Log, "warn" | "error">;
  readonly time?: Time;
  /** Other metrics for `/metrics`. */
  readonly registry?: Registry;
};

export type Gateway = {
  readonly url: string;
  readonly engine: Engine;
  /**
   * Stores records for this process itself: checked, counted and logged as those of `POST /produce`, without HTTP.
   * @throws GatewayError as the engine does, or with the `results` of those that are wrong, and then nothing was stored
   */
  produce(records: readonly NewRecord[]): Promise<readonly RecordMetadata[]>;
  /** Answers the calls that wait, finishes what was begun, closes the engine. After 2.5 s it closes the connections that are left. */
  stop(): Promise<void>;
};

/** Serves an engine by the REST API of Upstash Kafka. Rejects if the port is taken. */
export const startGateway = async (
  { host, port, credentials, corsOrigins = [], requestTimeoutMs = 30_000, unreadTimeoutMs = 30_000, budgets: sizes }: GatewayOptions,
  { engine, log, time = systemTime, registry = new Registry() }: GatewaySeams,
): Promise<Gateway> => {
  let stopping = false;
  const budgets = createBudgets({ ...DEFAULT_BUDGETS, ...sizes });
  const metrics = createMetrics(registry, budgets);
  const onError = createFailureLog(log, time);
  const listener = createListener({
    engine,
    authenticator: createAuthenticator(credentials),
    cors: createCors(corsOrigins),
    budgets,
    unreadTimeoutMs,
    metrics,
    time,
    isStopping: () => stopping,
    onError,
  });
  const server = createServer(
    {
      // Proxies and clients keep idle connections for 60 s. The server keeps them longer, so that it never closes one that is being used.
      keepAliveTimeout: 75_000,
      requestTimeout: requestTimeoutMs,
      headersTimeout: Math.min(10_000, requestTimeoutMs),
      connectionsCheckingInterval: Math.min(1000, requestTimeoutMs),
    },
    listener,
  );
  server.on("checkContinue", listener);
  server.on("clientError", (error, socket) =>
    answerBrokenRequest(error, socket, ({ status, reason }) => ({ type: "application/json", body: { error: reason, status } })),
  );
  const url = await listen(server, { host, port });
  return {
    url,
    engine,
    async produce(records) {
      try {
        const call = { engine, metrics, credential: OWNER, now: time.now, bodyBytes: Number.POSITIVE_INFINITY };
        return await storeRecords(call, undefined, records);
      } catch (error) {
        if (error instanceof GatewayError && error.status >= 500) onError(error, "produce");
        throw error;
      }
    },
    async stop() {
      stopping = true;
      const closed = once(server, "close");
      server.close();
      engine.drain();
      server.closeIdleConnections();
      const timer = time.setTimeout(() => server.closeAllConnections(), STOP_MS);
      await closed;
      time.clearTimeout(timer);
      await engine.close();
    },
  };
};

const STOP_MS = 2500;

/** Whoever started the gateway may do everything. */
const OWNER: Credential = { user: "", password: "", scope: "full", topics: { name: "", prefix: true } };
