import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
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
  const answer = await exchange(url, text);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(answer).toMatch(/\r\nX-Content-Type-Options: nosniff\r\n/i);
  expect(answer).toMatch(/\r\nContent-Type: application\/problem\+json\r\n/i);
  expect(answer).toMatch(/\r\nCache-Control: no-store\r\n/i);
  expect(answer).toMatch(new RegExp(`"status":${status},"code":"`));
  expect((await fetch(`${url}/health`)).status).toBe(200);
});

test.each([
  ["chunks that are none", "zz\r\n{}\r\n"],
  ["a chunk that is longer than it says", "2\r\n{}{}{}\r\n0\r\n\r\n"],
  ["an end in the middle of a chunk", "10\r\n{"],
])("a body of %s is its sender's fault, and no line of the log", async (_, body) => {
  const errors = vi.spyOn(console, "error");
  onTestFinished(() => errors.mockRestore());
  const { url } = await openHost();
  const head = "POST /requests/echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.end(head + body);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  expect(String(Buffer.concat(chunks))).not.toMatch(/^HTTP\/1.1 5/);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect(errors).not.toHaveBeenCalled();
});

test.each([
  ["a page of somebody else's name that has begun to point here", "evil.example", {}, 421],
  ["the same on our port", "evil.example:8787", {}, 421],
  ["this machine", "localhost:8787", {}, 200],
  ["the address of PUBLIC_URL", "api.example", { PUBLIC_URL: "https://api.example" }, 200],
  ["a name of ALLOWED_HOSTS", "api.example:8787", { ALLOWED_HOSTS: "other.example,api.example" }, 200],
])("who calls %s, host %s, is answered as it is known", async (_, host, variables, status) => {
  const { url } = await openHost({ variables });
  const answer = await exchange(url, `GET /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  if (status === 421) expect(answer).toContain('"code":"WRONG_HOST"');
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
