import { createConnection, type Socket } from "node:net";
import type { Target } from "../load.ts";

export type SlowClient = { end(): void };

/** Soon as many as no buffer on the way can hold the answers of, and yet so few that each comes by itself. */
const EVERY_MS = 100;

/**
 * Sends a request again and again on one connection, and never reads an answer. A server that cuts the connection gets another one.
 * @param everyMs between two requests
 */
export const startSlowClient = (target: Target, everyMs: number = EVERY_MS): SlowClient => {
  const { hostname, port } = new URL(target.origin);
  const request = toText(target);
  const connect = (): Socket => {
    const socket = createConnection({ host: hostname, port: Number(port) });
    socket.on("error", () => {});
    // Before it is connected, or it would read ahead.
    return socket.pause();
  };
  let socket = connect();
  const timer = setInterval(() => {
    if (socket.destroyed) socket = connect();
    else if (!socket.writableNeedDrain) socket.write(request);
  }, everyMs);
  return {
    end() {
      clearInterval(timer);
      socket.destroy();
    },
  };
};

/** As it goes over the wire. */
const toText = ({ origin, method, path, headers = {}, body = "" }: Target): string =>
  [
    `${method} ${path} HTTP/1.1`,
    `host: ${new URL(origin).host}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
