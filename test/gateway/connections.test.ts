import { once } from "node:events";
import { expect, test } from "vitest";
import { openConnection, readAnswer } from "./connection.ts";
import { gatewayUnderTest } from "./gateway-under-test.ts";

const MIB = 1024 * 1024;
const PATIENTLY = { timeout: 15_000 } as const;
const AUTHORIZATION = `Authorization: Basic ${btoa("full:pw")}`;

test("gives records back when the connection closes before they were written", async () => {
  const gateway = await gatewayUnderTest({ topics: { large: 1 } });
  for (let index = 0; index < 5; index += 1) await gateway.call("/produce/large", { body: { value: String(index).repeat(MIB) } });
  const socket = await openConnection(gateway.url);
  socket.write(
    `GET /consume/g/i/large HTTP/1.1\r\nHost: x\r\n${AUTHORIZATION}\r\nKafka-Auto-Offset-Reset: earliest\r\nKafka-Enable-Auto-Commit: false\r\n\r\n`,
  );
  await once(socket, "readable");
  // The answer is on its way and does not fit into the system's buffers: the instance is still busy with it.
  expect((await gateway.call("/consume/g/i/large")).status).toBe(409);
  socket.destroy();
  await expect
    .poll(() => gateway.call("/consume/g/i/large"), PATIENTLY)
    .toMatchObject({ status: 200, body: [{ offset: 0 }, { offset: 1 }, { offset: 2 }, { offset: 3 }] });
  await gateway.call("/commit/g/i");
  const { body } = await gateway.call("/committed/g/i", { body: { topic: "large", partition: 0 } });
  expect(body).toEqual([{ topic: "large", partition: 0, offset: 4 }]);
});

test("takes no records for a consume whose client has gone", async () => {
  const gateway = await gatewayUnderTest();
  const controller = new AbortController();
  const gone = fetch(`${gateway.url}/consume/g/i/other?timeout=60000`, {
    headers: { authorization: `Basic ${btoa("full:pw")}`, "kafka-auto-offset-reset": "earliest" },
    signal: controller.signal,
  });
  await expect.poll(() => gateway.engine.consumers(), PATIENTLY).toMatchObject([{ name: "g" }]);
  controller.abort();
  await expect(gone).rejects.toThrow("aborted");
  await gateway.call("/produce/other/x");
  await expect.poll(() => gateway.call("/consume/g/i/other"), PATIENTLY).toMatchObject({ status: 200, body: [{ value: "x" }] });
});

test("answers 408 to half a body and silence", async () => {
  const gateway = await gatewayUnderTest({ requestTimeoutMs: 100 });
  const socket = await openConnection(gateway.url);
  socket.write(`POST /produce/other HTTP/1.1\r\nHost: x\r\n${AUTHORIZATION}\r\nContent-Length: 100\r\n\r\n{"value":`);
  expect(await readAnswer(socket)).toMatch(/^HTTP\/1.1 408 [^]*\{"error":"The request did not arrive in time.","status":408\}$/);
});

test("answers 413 to a Content-Length that is too large, before any of the body is there", async () => {
  const gateway = await gatewayUnderTest();
  const socket = await openConnection(gateway.url);
  socket.write(`POST /produce HTTP/1.1\r\nHost: x\r\n${AUTHORIZATION}\r\nExpect: 100-continue\r\nContent-Length: ${8 * MIB + 1}\r\n\r\n`);
  expect(await readAnswer(socket)).toMatch(/^HTTP\/1.1 413 [^]*"status":413\}$/);
});

test("answers 413 in the middle of a body of unknown length", async () => {
  const gateway = await gatewayUnderTest();
  const socket = await openConnection(gateway.url);
  socket.write(`POST /produce HTTP/1.1\r\nHost: x\r\n${AUTHORIZATION}\r\nTransfer-Encoding: chunked\r\n\r\n`);
  const chunk = `${MIB.toString(16)}\r\n${"x".repeat(MIB)}\r\n`;
  for (let index = 0; index < 9; index += 1) socket.write(chunk);
  expect(await readAnswer(socket)).toMatch(/^HTTP\/1.1 413 [^]*"status":413\}$/);
});

test("answers 503 with Retry-After while it holds as many bodies as it may, and takes records again afterwards", async () => {
  const gateway = await gatewayUnderTest({ budgets: { bodyBytes: 1000 } });
  const socket = await openConnection(gateway.url);
  socket.write(`POST /produce/other HTTP/1.1\r\nHost: x\r\n${AUTHORIZATION}\r\nContent-Length: 900\r\n\r\n{"value":`);
  await expect.poll(async () => (await gateway.call("/produce/other", { body: { value: "x".repeat(200) } })).status, PATIENTLY).toBe(503);
  const refused = await gateway.call("/produce/other", { body: { value: "x".repeat(200) } });
  expect(refused).toMatchObject({ status: 503, body: { status: 503 } });
  expect(refused.headers.get("retry-after")).toBe("1");
  socket.destroy();
  await expect.poll(async () => (await gateway.call("/produce/other", { body: { value: "x".repeat(200) } })).status, PATIENTLY).toBe(200);
});

test.each([
  ["what is not HTTP", "nonsense\r\n\r\n", 400],
  ["a path that is too long", `GET /produce/other/${"x".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
])("answers JSON to %s", async (_, request, status) => {
  const gateway = await gatewayUnderTest();
  const socket = await openConnection(gateway.url);
  socket.write(request);
  const answer = await readAnswer(socket);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*"status":${status}\\}$`));
  expect(answer).toMatch(/\r\nCache-Control: no-store\r\n/);
  expect(answer).toMatch(/\r\nX-Content-Type-Options: nosniff\r\n/);
});

test("answers 400 to chunks that are none, and stores and logs nothing", async () => {
  const gateway = await gatewayUnderTest();
  const socket = await openConnection(gateway.url);
  socket.write(`POST /produce/other HTTP/1.1\r\nHost: x\r\n${AUTHORIZATION}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"val\r\nnone\r\n`);
  expect(await readAnswer(socket)).toMatch(/^HTTP\/1.1 400 [^]*"status":400\}$/);
  expect(gateway.logged()).toEqual([]);
});

test("answers what waits when it stops, and keeps no connection open", async () => {
  const gateway = await gatewayUnderTest();
  const fetching = gateway.call("/fetch", { body: { topic: "other", partition: 0, offset: 0, timeout: 60_000 } });
  const waiting = gateway.call("/consume/g/i/other?timeout=60000");
  await expect.poll(() => gateway.engine.consumers(), PATIENTLY).toHaveLength(1);
  await gateway.stop();
  expect((await waiting).body).toEqual([]);
  expect((await fetching).body).toEqual([]);
  await expect(fetch(`${gateway.url}/health`)).rejects.toThrow("fetch failed");
});
