import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Time } from "../../environment/time.ts";
import { type Authenticator, type Credential, requireScope } from "../credentials.ts";
import type { Engine } from "../engine.ts";
import { GatewayError, gatewayErrorOf } from "../gateway-error.ts";
import type { Metrics } from "../metrics.ts";
import { decodeBody, parseBody, readBody } from "./body.ts";
import type { Budgets } from "../budgets.ts";
import type { Call, Route } from "./call.ts";
import { type Cors, isPreflight } from "./cors.ts";
import { closeSignal, cutIfUnread, discardRest, type Headers, send, sendError, sendNothing, whenWritten } from "./response.ts";
import { createResponseMemory } from "./response-memory.ts";
import { findRoute, isRoute } from "./routes.ts";
import { createTargetReader, type Target } from "./target.ts";

export type ListenerOptions = {
  readonly engine: Engine;
  readonly authenticator: Authenticator;
  readonly cors: Cors;
  readonly budgets: Budgets;
  /** How long a client may read nothing of its response, in ms. */
  readonly unreadTimeoutMs: number;
  readonly metrics: Metrics;
  /** Called with every error whose cause lies here. Overload is not among them: it would fill the log just then. */
  readonly onError: (error: GatewayError, route: string) => void;
  /** Whether the server is going away, so that connections are not kept. */
  readonly isStopping: () => boolean;
  readonly time: Time;
};

/** Answers every request. Responses are JSON, and every error is `{ error, status }`. */
export const createListener = (options: ListenerOptions) => {
  const { engine, authenticator, cors, budgets, unreadTimeoutMs, metrics, onError, isStopping, time } = options;

  const readTarget = createTargetReader();

  const handle = async (
    target: Target,
    request: IncomingMessage,
    response: ServerResponse,
    headers: () => Headers | undefined,
  ): Promise<void> => {
    const route = findRoute(target, request.method);
    const credential = authenticate(authenticator, route, target, request);
    if (route.scope !== undefined) requireScope(credential, route.scope);
    const slots = route.waits === true ? budgets.waits : budgets.calls;
    slots.take(1);
    let bodyBytes = 0;
    const memory = createResponseMemory(budgets.responses);
    try {
      const reading = readBody(request, (bytes) => {
        budgets.bodies.take(bytes);
        bodyBytes += bytes;
      });
      if (request.headers.expect !== undefined) response.writeContinue();
      const body = await reading;
      const call: Call = {
        engine,
        metrics,
        now: time.now,
        credential,
        path: target.path,
        query: target.query,
        headers: request.headers,
        rawHeaders: request.rawHeaders,
        body: route.bodyIs === "text" ? decodeBody(body) : parseBody(body),
        bodyBytes: body.length,
        memory,
        signal: () => closeSignal(response),
      };
      const { body: responseBody, contentType, settle } = await route.handle(call);
      if (settle !== undefined || memory.isUsed())
        whenWritten(response, (written) => {
          memory.release();
          settle?.(written);
        });
      if (response.destroyed) return;
      send(response, 200, responseBody, headers(), contentType);
      cutIfUnread(response, unreadTimeoutMs);
    } catch (error) {
      memory.release();
      throw error;
    } finally {
      budgets.bodies.give(bodyBytes);
      slots.give(1);
    }
  };

  const respond = async (request: IncomingMessage, response: ServerResponse, connection: Connection): Promise<void> => {
    const began = performance.now();
    /** Computed when the response is sent, since the gateway may have begun to stop meanwhile. */
    const headers = (): Headers | undefined => (isStopping() ? { ...cors(request), connection: "close" } : cors(request));
    let route = "none";
    try {
      const target = readTarget(request.url ?? "/");
      if (isRoute(target.name) || target.name === HEALTH) route = target.name;
      if (isPreflight(request)) return sendNothing(response, headers());
      if (target.name === HEALTH && target.path.length === 0) await answerHealth(options, request, response, headers);
      else await handle(target, request, response, headers);
    } catch (thrown) {
      if (response.destroyed || response.headersSent) return;
      const error = gatewayErrorOf(thrown);
      if (error.status >= 500 && error.cause !== undefined) onError(error, route);
      sendError(response, error, headers());
      discardRest(request, time);
    } finally {
      connection.unanswered -= 1;
      metrics.answered(route, response.statusCode, (performance.now() - began) / 1000);
    }
  };

  const connections = new WeakMap<Socket, Connection>();

  return (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    let connection = connections.get(socket);
    if (connection === undefined) connections.set(socket, (connection = { unanswered: 0 }));
    // Node goes on reading requests while responses are due, without limit.
    if (connection.unanswered >= MAX_SENT_AHEAD) return void socket.destroy();
    connection.unanswered += 1;
    void respond(request, response, connection);
  };
};

/** Counts the requests of a connection that are not answered yet. */
type Connection = { unanswered: number };

/** How many requests may be sent on one connection before the first is answered (RFC 9112 §9.3.2). */
const MAX_SENT_AHEAD = 100;

const HEALTH = "health";

const authenticate = (authenticator: Authenticator, route: Route, { query }: Target, { headers }: IncomingMessage): Credential => {
  const [user, password] = [query.get("user"), query.get("pass")];
  if (route.credentialsInQuery === true && headers.authorization === undefined && user !== null && password !== null)
    return authenticator.byPair(user, password);
  return authenticator.byHeader(headers.authorization);
};

const answerHealth = async (
  { engine, isStopping }: ListenerOptions,
  { method = "" }: IncomingMessage,
  response: ServerResponse,
  headers: () => Headers | undefined,
): Promise<void> => {
  if (method !== "GET" && method !== "HEAD")
    throw new GatewayError(405, `Expected the method to be GET, got ${method}.`, { allow: ["GET", "HEAD"] });
  if (isStopping()) throw new GatewayError(503, "The gateway is stopping.");
  await engine.health();
  send(response, 200, { status: "ok" }, headers());
};
