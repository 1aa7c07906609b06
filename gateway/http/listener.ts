import type { IncomingMessage, ServerResponse } from "node:http";
import type { Credential } from "../credentials.ts";
import { requireScope } from "../credentials.ts";
import type { Clock } from "../clock.ts";
import type { Engine } from "../engine.ts";
import { errorBody, GatewayError, gatewayErrorOf } from "../gateway-error.ts";
import { createHeld, parseBody, readBody } from "./body.ts";
import type { Call, Route } from "./call.ts";
import { ROUTES } from "./routes.ts";
import { parseTarget } from "./target.ts";

export type ListenerOptions = {
  readonly engine: Engine;
  readonly authenticate: (header: string | undefined) => Credential;
  /** How many bytes of bodies are held at once. */
  readonly maxHeldBytes: number;
  /** Told of every error that has a cause here to look into; not of overload, which would fill the log just then. */
  readonly onError: (error: GatewayError, request: IncomingMessage) => void;
  /** Whether the server is going away, so that connections are not kept. */
  readonly isStopping: () => boolean;
  readonly clock: Clock;
};

/** Answers every request of the dialect; every answer is JSON, and every error `{ error, status }`. */
export const createListener = ({ engine, authenticate, maxHeldBytes, onError, isStopping, clock }: ListenerOptions) => {
  const held = createHeld(maxHeldBytes);
  const closing = () => (isStopping() ? { connection: "close" } : undefined);

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let heldBytes = 0;
    try {
      const { name, path, query } = parseTarget(request.url ?? "/");
      if (name === "health" && path.length === 0) return await answerHealth(engine, request, response);
      const credential = authenticate(request.headers.authorization);
      const route = findRoute(name, path, request);
      if (route.scope !== undefined) requireScope(credential, route.scope);
      const reading = readBody(request, held, (bytes) => (heldBytes += bytes));
      if (request.headers.expect !== undefined) response.writeContinue();
      const body = parseBody(await reading);
      const signal = (): AbortSignal => closeSignal(response);
      const call: Call = { engine, credential, path, query, headers: request.headers, body, signal };
      const answer = await route.handle(call);
      if (answer.settle !== undefined) settleWhenWritten(response, answer.settle);
      send(response, 200, answer.body, closing());
    } catch (thrown) {
      if (response.destroyed || response.headersSent) return;
      const error = gatewayErrorOf(thrown);
      if (error.status >= 500 && error.cause !== undefined) onError(error, request);
      send(response, error.status, errorBody(error), { ...errorHeaders(error), ...closing() });
      discardRest(request, clock);
    } finally {
      held.give(heldBytes);
    }
  };

  return (request: IncomingMessage, response: ServerResponse): void => void respond(request, response);
};

const findRoute = (name: string, path: readonly string[], { method = "" }: IncomingMessage): Route => {
  const route = ROUTES.get(name);
  if (route === undefined || path.length < route.segments[0] || path.length > route.segments[1])
    throw new GatewayError(404, `There is nothing at this path. Known: ${[...ROUTES.keys()].map((known) => `/${known}`).join(", ")}.`);
  if (!route.methods.includes(method))
    throw new GatewayError(405, `Expected the method to be ${route.methods.join(" or ")}, got ${method}.`, { allow: route.methods });
  return route;
};

const answerHealth = async (engine: Engine, { method = "" }: IncomingMessage, response: ServerResponse): Promise<void> => {
  if (method !== "GET" && method !== "HEAD")
    throw new GatewayError(405, `Expected the method to be GET, got ${method}.`, { allow: ["GET", "HEAD"] });
  await engine.health();
  send(response, 200, { status: "ok" });
};

/** Aborted when the connection closes before the answer was written. */
const closeSignal = (response: ServerResponse): AbortSignal => {
  const controller = new AbortController();
  if (response.destroyed) controller.abort();
  else response.once("close", () => response.writableFinished || controller.abort());
  return controller.signal;
};

const settleWhenWritten = (response: ServerResponse, settle: (written: boolean) => void): void => {
  if (response.destroyed) return settle(false);
  // "finish" comes when the last byte was handed to the system: before anything that a client sends on receiving it.
  let settled = false;
  const once = (written: boolean): void => {
    if (settled) return;
    settled = true;
    settle(written);
  };
  response.once("finish", () => once(true));
  response.once("close", () => once(false));
};

const send = (response: ServerResponse, status: number, body: unknown, headers?: Readonly<Record<string, string>>): void => {
  // As one string, so that Node writes head and body at once.
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    ...headers,
  });
  response.end(text);
};

const errorHeaders = ({ status, allow, retryAfterSeconds }: GatewayError): Record<string, string> => ({
  ...(status === 401 ? { "www-authenticate": 'Basic realm="gateway", charset="UTF-8"' } : {}),
  ...(allow === undefined ? {} : { allow: allow.join(", ") }),
  ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
});

/** How long the rest of a refused body is thrown away. */
const LINGER_MS = 1000;

/** Closing with bytes unread would reset the connection, and the client might never see why it was refused. */
const discardRest = (request: IncomingMessage, clock: Clock): void => {
  if (request.complete) return;
  request.on("error", () => {});
  request.resume();
  const timer = clock.setTimeout(() => request.socket.destroy(), LINGER_MS);
  request.once("close", () => clock.clearTimeout(timer));
};
