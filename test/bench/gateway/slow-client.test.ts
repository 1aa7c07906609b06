import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startSlowClient } from "../../../bench/gateway/flood.ts";
import type { Target } from "../../../bench/load.ts";

const EVERY_MS = 1;

const targetAt = (server: Server): Target => ({
  origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  method: "POST",
  path: "/fetch",
  headers: { "x-of": "bench" },
  body: "{}",
  status: 200,
});

const serve = async (answer: (request: IncomingMessage, response: ServerResponse) => void) => {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, target: targetAt(server) };
};

test("sends whole requests, and goes on when nothing comes of it", async () => {
  const seen: string[] = [];
  const { server, target } = await serve(async (request) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    seen.push(`${request.method} ${request.url} ${request.headers["x-of"]} ${body}`);
    if (seen.length === 3) server.emit("enough");
  });
  const enough = once(server, "enough");
  using _ = startSlowClient(target, EVERY_MS);
  await enough;
  expect(seen.slice(0, 3)).toEqual(Array.from({ length: 3 }, () => "POST /fetch bench {}"));
});

test("reads nothing, and sends on all the same", async () => {
  // More than all buffers on the way can hold.
  const answers = Buffer.alloc(64 * 2 ** 20);
  let taken = false;
  let requests = 0;
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.write(answers, () => (taken = true));
    socket.on("data", () => {
      requests += 1;
      if (requests === 100) server.emit("enough");
    });
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  using _ = startSlowClient(targetAt(server), EVERY_MS);
  await once(server, "enough");
  expect(taken).toBe(false);
});

test("comes back when it was cut", async () => {
  const { server, target } = await serve((request) => request.socket.destroy());
  let connections = 0;
  server.on("connection", () => {
    connections += 1;
    if (connections === 3) server.emit("enough");
  });
  const enough = once(server, "enough");
  using _ = startSlowClient(target, EVERY_MS);
  await enough;
});

test("is gone once it was ended", async () => {
  const { server, target } = await serve(() => {});
  const connected = once(server, "connection") as Promise<[Socket]>;
  const client = startSlowClient(target, EVERY_MS);
  const [socket] = await connected;
  const closed = once(socket, "close");
  client[Symbol.dispose]();
  await closed;
});
