import { connect as connectTcp, isIP, type Socket } from "node:net";
import { Readable, Writable } from "node:stream";
import { connect as connectTls } from "node:tls";
import { once } from "node:events";
import type { OpenSocket } from "../../worker/producers/kafka/connection.ts";

/** Opens a TCP connection of Node's as a Worker would open its own. Errors say what Node knows of them. */
export const openTcpSocket: OpenSocket = ({ hostname, port }, { secureTransport }) => {
  const host = hostname.replace(/^\[|\]$/g, "");
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket: Socket = secureTransport === "on" ? connectTls({ host, port, ...name }) : connectTcp({ host, port });
  socket.setNoDelay(true);
  const opened = once(socket, secureTransport === "on" ? "secureConnect" : "connect");
  const closed = once(socket, "close");
  // Whoever waits for one of them learns of it. Nobody has to.
  opened.catch(() => {});
  closed.catch(() => {});
  return {
    opened,
    closed,
    readable: Readable.toWeb(socket) as ReadableStream<Uint8Array>,
    writable: Writable.toWeb(socket) as WritableStream<Uint8Array>,
    close: async () => void socket.destroy(),
  };
};
