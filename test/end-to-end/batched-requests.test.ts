import { connect, type Socket } from "node:net";
import { Client } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Stack, startStack } from "../helpers/stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.remove());

const headers = { "content-type": "application/json", prefer: "wait=20" };

/** A caller's own connection, on which it sends `POST /requests/report`, whose handler takes a second. */
const openCaller = async () => {
  const { hostname, port } = new URL(stack.url);
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opened = connect(Number(port), hostname, () => resolve(opened)).once("error", reject);
  });
  let text = "";
  const answered = new Promise<string>((resolve) => {
    socket.on("data", (chunk) => {
      text += String(chunk);
      const [head, body] = text.split("\r\n\r\n");
      if (body?.length === Number(/^content-length: (\d+)$/im.exec(head ?? "")?.[1])) resolve(text);
    });
    socket.once("close", () => resolve(text));
  });
  return {
    answered,
    ask(account: string) {
      const body = JSON.stringify({ account, lines: [{ date: "2026-01-15", product: "bolt", quantity: 1, unitPrice: 1 }] });
      const fields = Object.entries({ host: "localhost", ...headers, "content-length": body.length });
      socket.write(`POST /requests/report HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`);
    },
    leave: () => socket.destroy(),
  };
};

test("callers who leave, whoever they are, take nobody's reply with them", async () => {
  const callers = await Promise.all(Array.from({ length: 30 }, openCaller));
  for (const [index, { ask }] of callers.entries()) ask(`account ${index}`);
  // They are processed: the requests of all have been produced.
  await fetch(`${stack.url}/requests/sum`, { method: "POST", headers, body: '{"a":1,"b":2}' });
  for (const { leave } of callers.slice(0, 20)) leave();
  const answers = await Promise.all(callers.slice(20).map(({ answered }) => answered));
  expect(answers.map((answer) => [answer.slice(0, 15), /"account":"([^"]*)"/.exec(answer)?.[1]])).toEqual(
    answers.map((_, index) => ["HTTP/1.1 200 OK", `account ${index + 20}`]),
  );
});

/** Sends requests over and over, dozens at a time. */
const sendAll = async (count: number, send: (client: Client, number: number) => Promise<void>): Promise<void> => {
  let next = 0;
  const clients = Array.from({ length: 48 }, () => new Client(stack.url));
  const loop = async (client: Client) => {
    for (let number = next++; number < count; number = next++) await send(client, number);
  };
  await Promise.all(clients.map(loop));
  await Promise.all(clients.map((client) => client.close()));
};

test("thousands of requests, dozens at a time, are each answered with their own sum", async () => {
  const wrong: unknown[] = [];
  await sendAll(3_000, async (client, a) => {
    const body = JSON.stringify({ a, b: 1 });
    const answer = await client.request({ method: "POST", path: "/requests/sum", headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200 || text !== JSON.stringify({ sum: a + 1 })) wrong.push([a, answer.statusCode, text]);
  });
  expect(wrong).toEqual([]);
});

test("who asks for a status gets that status, also when the runtime has compiled what is asked so often", async () => {
  const paths = await Promise.all(
    Array.from({ length: 48 }, async (_, a) => {
      const answer = await fetch(`${stack.url}/requests/sum`, { method: "POST", headers, body: JSON.stringify({ a, b: 1 }) });
      return answer.headers.get("content-location") ?? "";
    }),
  );
  const wrong: unknown[] = [];
  await sendAll(40_000, async (client, number) => {
    const a = number % paths.length;
    const answer = await client.request({ method: "GET", path: paths[a] ?? "" });
    const text = await answer.body.text();
    if (answer.statusCode !== 200 || !text.includes(`"reply":{"sum":${a + 1}}`)) wrong.push([a, answer.statusCode, text]);
  });
  expect(wrong).toEqual([]);
});
