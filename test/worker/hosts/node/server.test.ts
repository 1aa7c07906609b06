import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { metricOf, openHost, postSum } from "./open-host.ts";

/** Writes bytes to a port, and resolves to all that comes until the other end closes. */
const exchange = async (url: string, text: string): Promise<string> => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.write(text);
  await once(socket, "close");
  return String(Buffer.concat(chunks));
};

test.each([
  ["no HTTP", "HELO mail.example\r\n\r\n", 400],
  ["a head without an end of its line", "GET / HTTP/9.9\r\n\r\n", 400],
  ["a length that is none", "POST /replies HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400],
  ["two lengths", "POST /replies HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400],
  ["no host", "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
  ["a host that is none", "GET /health HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n", 400],
  ["headers of 20 KB", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
  ["a handshake without its key", "GET /link/0 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 401],
  ["a handshake for nothing", "GET http://[ HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 400],
])("%s is refused, and the Worker goes on", async (_, text, status) => {
  const { url } = await openHost();
  expect(await exchange(url, text)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect((await fetch(`${url}/health`)).status).toBe(200);
});

test("many calls go over one connection", async () => {
  const { url } = await openHost();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<unknown>();
  for (let call = 0; call < 5; call++) {
    const sent = request(`${url}/health`, { agent }).end();
    const [response] = await once(sent, "response");
    ports.add(response.socket.localPort);
    await once(response.resume(), "end");
  }
  agent.destroy();
  expect(ports.size).toBe(1);
});

test("HEAD says what GET would, without a body", async () => {
  const { url } = await openHost();
  const response = await fetch(`${url}/health`, { method: "HEAD" });
  expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([200, "application/json", ""]);
});

test("a body whose length nobody has said is read, and is refused once it is too long", async () => {
  const { url } = await openHost();
  const bodyOf = (chunks: readonly string[]) => ReadableStream.from(chunks.map((chunk) => new TextEncoder().encode(chunk)));
  const send = (chunks: readonly string[]) =>
    fetch(`${url}/requests/echo`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: bodyOf(chunks),
      duplex: "half",
    } as RequestInit);
  expect((await send(['{"a"', ":1}"])).status).toBe(202);
  expect((await send(Array.from({ length: 64 }, () => " ".repeat(32 * 1024)))).status).toBe(413);
});

test("an upgrade to anything but a WebSocket is passed over", async () => {
  const { url } = await openHost();
  const text = "GET /health HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n";
  expect(await exchange(url, text)).toMatch(/^HTTP\/1.1 200 /);
});

test("a caller who goes away waits no longer", async () => {
  const host = await openHost({ variables: { METRICS_PORT: "0" } });
  const gone = new AbortController();
  const waiting = postSum(host.url, { prefer: "wait=25", signal: gone.signal });
  while ((await metricOf(host, "waits")) === 0);
  gone.abort();
  await expect(waiting).rejects.toThrow();
  while ((await metricOf(host, "waits")) > 0);
});
