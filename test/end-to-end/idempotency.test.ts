import { createServer, request as forward } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { startRejoinder } from "@rejoinder/sdk/testing";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createClient } from "../../client/index.ts";
import { PROJECT } from "../helpers/processes.ts";
import { HOSTS } from "../helpers/stack.ts";
import consumer from "../project/app/consumer.ts";
import { contract } from "../project/app/contract.ts";
import { createCaller } from "./caller.ts";

/** What the handler of `sum` was called with. */
const runs: { a: number; b: number }[] = [];
const runsOf = (a: number): number => runs.filter((run) => run.a === a).length;
const counting = {
  ...consumer,
  handlers: { ...consumer.handlers, sum: ({ a, b }: { a: number; b: number }) => (runs.push({ a, b }), { sum: a + b }) },
};

/** Stands before a server, and cuts the connection of the first POST, before it has passed it on or instead of the answer. */
const startCuttingProxy = async (target: string, when: "before" | "after"): Promise<{ readonly url: string; readonly keys: unknown[] }> => {
  const keys: unknown[] = [];
  const server = createServer((incoming, response) => {
    const isFirst = incoming.method === "POST" && keys.push(incoming.headers["idempotency-key"]) === 1;
    if (isFirst && when === "before") return void incoming.socket.destroy();
    const { method, headers, url } = incoming;
    const passed = forward(target + url, { method, headers }, (answer) => {
      if (isFirst) return void answer.resume().once("end", () => incoming.socket.destroy());
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    incoming.pipe(passed);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, keys };
};

describe.each(HOSTS)("with the Worker in %s", (host) => {
  let app: Awaited<ReturnType<typeof startRejoinder<typeof contract>>>;
  beforeAll(async () => {
    runs.length = 0;
    app = await startRejoinder(counting, { directory: PROJECT, host });
  });
  afterAll(() => app?.[Symbol.asyncDispose]());

  test("a thousand requests at once with one key run the handler once, and all get its reply", async () => {
    const { post } = createCaller(app.url);
    const headers = { "idempotency-key": `"${crypto.randomUUID()}"`, prefer: "wait=20" };
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => post("sum", { a: 1, b: 1 }, headers)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map((answer) => answer.headers.get("content-location"))).size).toBe(1);
    expect(answers.filter((answer) => answer.headers.get("idempotent-replayed") === "true")).toHaveLength(999);
    expect(runsOf(1)).toBe(1);
  });

  test.each([
    ["before", 2],
    ["after", 3],
  ] as const)("a client whose connection is cut %s the Worker has its request gets the reply of one run", async (when, a) => {
    const proxy = await startCuttingProxy(app.url, when);
    const client = createClient({ url: proxy.url, contract });
    onTestFinished(() => client.close());
    expect(await client.request("sum", { a, b: 1 })).toEqual({ sum: a + 1 });
    expect(runsOf(a)).toBe(1);
    expect([proxy.keys.length, new Set(proxy.keys).size]).toEqual([2, 1]);
  });

  test("requests with keys of their own are requests of their own", async () => {
    const client = createClient({ url: app.url, contract });
    onTestFinished(() => client.close());
    await Promise.all(Array.from({ length: 20 }, () => client.request("sum", { a: 4, b: 1 })));
    expect(runsOf(4)).toBe(20);
  });
});
