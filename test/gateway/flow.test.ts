import { once } from "node:events";
import { expect, test } from "vitest";
import { openConnection } from "./connection.ts";
import { type GatewayUnderTest, gatewayUnderTest } from "./gateway-under-test.ts";

const MIB = 1024 * 1024;
const AUTHORIZATION = `Authorization: Basic ${btoa("full:pw")}`;
const EARLIEST = { "kafka-auto-offset-reset": "earliest", "kafka-enable-auto-commit": "false" };
const PATIENTLY = { timeout: 15_000 } as const;

const produceLarge = async (gateway: GatewayUnderTest, count: number): Promise<void> => {
  for (let index = 0; index < count; index += 1)
    expect((await gateway.call("/produce/large", { body: { value: String(index).repeat(MIB) } })).status).toBe(200);
};

/** A client that asks for records of the topic `large` and reads nothing of the answer. */
const openSlowClient = async (gateway: GatewayUnderTest, group: string) => {
  const socket = await openConnection(gateway.url);
  const head = `GET /consume/${group}/i/large HTTP/1.1\r\nHost: x\r\n${AUTHORIZATION}\r\nKafka-Auto-Offset-Reset: earliest\r\nKafka-Enable-Auto-Commit: false\r\n\r\n`;
  socket.write(head);
  await once(socket, "readable");
  return socket;
};

const answerBytes = async (gateway: GatewayUnderTest): Promise<number> => {
  const { body } = await gateway.call("/metrics", { method: "GET" });
  return Number(/^rejoinder_gateway_answer_bytes (\d+)$/m.exec(String(body))?.[1]);
};

test("answers two thousand consumes that wait at once, each as soon as there is something for it", async () => {
  const gateway = await gatewayUnderTest();
  const waiting = Array.from({ length: 2000 }, (_, index) => gateway.call(`/consume/group-${index}/i/other?timeout=60000`));
  await expect.poll(() => gateway.engine.consumers().then(({ length }) => length), PATIENTLY).toBe(2000);
  await gateway.call("/produce/other/news");
  const replies = await Promise.all(waiting);
  expect(replies.filter(({ body }) => (body as { value: string }[])[0]?.value === "news")).toHaveLength(2000);
});

test("answers 503 with Retry-After to more waiting calls than it takes, and goes on taking what they wait for", async () => {
  const gateway = await gatewayUnderTest({ budgets: { waits: 2 } });
  const waiting = ["one", "two"].map((group) => gateway.call(`/consume/${group}/i/other?timeout=60000`));
  await expect.poll(() => gateway.engine.consumers(), PATIENTLY).toHaveLength(2);
  const refused = await gateway.call("/consume/three/i/other");
  expect(refused).toMatchObject({ status: 503, body: { status: 503, error: expect.stringContaining("Too many calls are waiting") } });
  expect(refused.headers.get("retry-after")).toBe("1");
  expect((await gateway.call("/produce/other/x")).status).toBe(200);
  await Promise.all(waiting);
  expect((await gateway.call("/consume/three/i/other?timeout=1")).status).toBe(200);
});

test("answers 503 with Retry-After to more calls at once than it takes, and takes calls again afterwards", async () => {
  const gateway = await gatewayUnderTest({ budgets: { calls: 1 } });
  const socket = await openConnection(gateway.url);
  socket.write(`POST /produce/other HTTP/1.1\r\nHost: x\r\n${AUTHORIZATION}\r\nContent-Length: 11\r\n\r\n{"value":`);
  const statusOf = async () => (await gateway.call("/produce/other/x")).status;
  await expect.poll(statusOf, PATIENTLY).toBe(503);
  expect((await gateway.call("/produce/other/x")).headers.get("retry-after")).toBe("1");
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
  socket.write("1}");
  await expect.poll(statusOf, PATIENTLY).toBe(200);
});

test("cuts a client that sends on and on before anything is answered, and nobody else", async () => {
  const gateway = await gatewayUnderTest();
  const socket = await openConnection(gateway.url);
  const closed = once(socket, "close");
  const fetchAtTheEnd = '{"topic":"other","partition":0,"offset":0,"timeout":60000}';
  const head = `POST /fetch HTTP/1.1\r\nHost: x\r\n${AUTHORIZATION}\r\nContent-Length: ${fetchAtTheEnd.length}\r\n\r\n`;
  socket.resume().write((head + fetchAtTheEnd).repeat(150));
  await closed;
  const { body } = await gateway.call("/metrics", { method: "GET" });
  expect(body).toContain("rejoinder_gateway_waiting_calls 0");
});

test("holds no more for slow clients than it may: others are told to come back, and lose nothing", async () => {
  const gateway = await gatewayUnderTest({ topics: { large: 1, other: 1 }, budgets: { responseBytes: 4 * MIB } });
  await produceLarge(gateway, 5);
  const slow = await openSlowClient(gateway, "slow");
  expect(await answerBytes(gateway)).toBe(4 * MIB);
  const consume = () => gateway.call("/consume/quick/i/large", { headers: EARLIEST });
  const refused = await consume();
  expect(refused).toMatchObject({ status: 503, body: { error: expect.stringContaining("slow clients") } });
  expect(refused.headers.get("retry-after")).toBe("1");
  expect((await gateway.call("/fetch", { body: { topic: "large", partition: 0, offset: 0 } })).status).toBe(503);
  expect((await gateway.call("/produce/other/x")).status).toBe(200);
  slow.destroy();
  await expect.poll(() => answerBytes(gateway), PATIENTLY).toBe(0);
  expect(await consume()).toMatchObject({ status: 200, body: [{ offset: 0 }, { offset: 1 }, { offset: 2 }, { offset: 3 }] });
  expect(await answerBytes(gateway)).toBe(0);
});

test("wakes no more consumes at once than there is room for their answers", async () => {
  const gateway = await gatewayUnderTest({ topics: { large: 1 }, budgets: { responseBytes: 2 * MIB } });
  const waiting = Array.from({ length: 10 }, (_, index) => gateway.call(`/consume/group-${index}/i/large?timeout=60000`));
  await expect.poll(() => gateway.engine.consumers(), PATIENTLY).toHaveLength(10);
  await produceLarge(gateway, 1);
  const statuses = (await Promise.all(waiting)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200, 503]));
  // Whoever was refused was given nothing, and is given it the next time.
  for (const [index, status] of statuses.entries())
    if (status === 503) expect((await gateway.call(`/consume/group-${index}/i/large`)).body).toHaveLength(1);
});

test("cuts a client that reads nothing of its answer, and gives its records to the next consume", async () => {
  const gateway = await gatewayUnderTest({ topics: { large: 1 }, unreadTimeoutMs: 200 });
  await produceLarge(gateway, 4);
  await openSlowClient(gateway, "g");
  await expect.poll(() => answerBytes(gateway), PATIENTLY).toBe(0);
  expect(await gateway.call("/consume/g/i/large")).toMatchObject({
    status: 200,
    body: [{ offset: 0 }, { offset: 1 }, { offset: 2 }, { offset: 3 }],
  });
});

test("cuts it too when the answer had to wait for that of a request before it", async () => {
  const gateway = await gatewayUnderTest({ topics: { large: 1, other: 1 }, unreadTimeoutMs: 200 });
  await produceLarge(gateway, 4);
  const socket = await openConnection(gateway.url);
  const post = (body: string) => `POST /fetch HTTP/1.1\r\nHost: x\r\n${AUTHORIZATION}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  socket.pause();
  socket.write(post('{"topic":"other","partition":0,"offset":0,"timeout":60000}') + post('{"topic":"large","partition":0,"offset":0}'));
  await expect.poll(() => answerBytes(gateway), PATIENTLY).toBe(4 * MIB);
  await gateway.call("/produce/other/x");
  await expect.poll(() => answerBytes(gateway), PATIENTLY).toBe(0);
});

test("keeps a connection over answers and errors, and answers what is sent ahead in order", async () => {
  const gateway = await gatewayUnderTest();
  const socket = await openConnection(gateway.url);
  const post = (path: string, body: string) =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\n${AUTHORIZATION}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  socket.write(
    post("/produce/other", '{"value":"a"}') +
      post("/produce/nope", '{"value":"b"}') +
      post("/nothing", "") +
      post("/produce/other", '{"value":"c"}'),
  );
  let text = "";
  for await (const chunk of socket) {
    text += String(chunk);
    if (text.includes('"offset":1')) break;
  }
  expect([...text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status)).toEqual(["200", "404", "404", "200"]);
  expect(text).not.toMatch(/connection: close/i);
});
