import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Time } from "../../environment/time.ts";
import { errorBody, type GatewayError } from "../gateway-error.ts";

export type Headers = Readonly<Record<string, string>>;

const JSON_TYPE = "application/json";
/** More than the system's buffers may take at once. */
const LARGE_BYTES = 64 * 1024;

/** Answers with JSON, or with text of a content type. */
export const send = (response: ServerResponse, status: number, body: unknown, headers?: Headers, contentType = JSON_TYPE): void => {
  // As one string, so that Node writes head and body at once.
  const text = contentType === JSON_TYPE ? JSON.stringify(body) : String(body);
  const bytes = Buffer.byteLength(text);
  response.writeHead(status, {
    "content-type": contentType,
    "content-length": bytes,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  // ASCII needs no encoding.
  response.end(text, bytes === text.length ? "latin1" : "utf8");
};

/** Closes the connection of a client that reads nothing of a large response for some time. */
export const cutIfUnread = (response: ServerResponse, afterMs: number): void => {
  if (response.writableLength <= LARGE_BYTES) return;
  // Node checks whether anything was read in that time, and returns to its keep-alive timeout once the response is out.
  const watch = (socket: Socket): void => void socket.setTimeout(afterMs);
  // Without a socket it is not the turn of this response: an earlier one on the connection is not out yet.
  if (response.socket === null) response.once("socket", watch);
  else watch(response.socket);
};

/** Answers without a body. */
export const sendNothing = (response: ServerResponse, headers?: Headers): void =>
  void response.writeHead(204, { "cache-control": "no-store", "x-content-type-options": "nosniff", ...headers }).end();

export const sendError = (response: ServerResponse, error: GatewayError, headers?: Headers): void =>
  send(response, error.status, errorBody(error), { ...errorHeaders(error), ...headers });

const errorHeaders = ({ status, allow, retryAfterSeconds }: GatewayError): Headers => ({
  ...(status === 401 ? { "www-authenticate": 'Basic realm="gateway", charset="UTF-8"' } : {}),
  ...(allow === undefined ? {} : { allow: allow.join(", ") }),
  ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
});

/** Calls back once: whether the whole response was handed to the system, or the connection closed before. */
export const whenWritten = (response: ServerResponse, callback: (written: boolean) => void): void => {
  if (response.destroyed) return callback(false);
  let told = false;
  const once = (written: boolean): void => {
    if (told) return;
    told = true;
    callback(written);
  };
  // "finish" comes before anything that a client sends after the response. Node 22 also emits it after the connection was destroyed, which can
  // be seen only until Node's own listener takes the socket away.
  response.prependOnceListener("finish", () => once(response.socket?.destroyed !== true));
  onClose(response, () => once(false));
};

/**
 * Calls back when the connection of a response closes, perhaps twice. A response that waits for the one before it has no socket yet, and Node 22
 * does not close it with the connection.
 */
const onClose = (response: ServerResponse, callback: () => void): void => {
  response.once("close", callback);
  if (response.socket !== null) return;
  const { socket } = response.req;
  // There are as many listeners as pipelined requests.
  socket.setMaxListeners(0).once("close", callback);
  response.once("close", () => socket.off("close", callback));
};

/** Aborted when the connection closes before the response was written. */
export const closeSignal = (response: ServerResponse): AbortSignal => {
  const controller = new AbortController();
  if (response.destroyed) controller.abort();
  else onClose(response, () => response.writableFinished || controller.abort());
  return controller.signal;
};

/** How long the gateway goes on discarding the rest of a refused body. */
const LINGER_MS = 1000;

/** Reads the rest of a refused body: closing earlier would reset the connection, and the client might never see the error. */
export const discardRest = (request: IncomingMessage, time: Time): void => {
  if (request.complete) return;
  request.on("error", () => {});
  request.resume();
  const timer = time.setTimeout(() => request.socket.destroy(), LINGER_MS);
  request.once("close", () => time.clearTimeout(timer));
};
