import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Target } from "../../../../bench/load.ts";
import { createPollingCalls } from "../../../../bench/peers/naive/polling.ts";

/** A server whose replies are there when they have been asked for so many times. */
const serve = async (timesUntilReplied: number): Promise<{ readonly target: Target; readonly asked: string[] }> => {
  const asked: string[] = [];
  const server = createServer(({ url = "", method }, response) => {
    if (method === "POST") return void response.writeHead(202).end('{"id":"x"}');
    asked.push(url);
    response.writeHead(asked.length < timesUntilReplied ? 202 : 200).end('{"sum":5}');
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { target: { origin, method: "POST", path: "/requests", body: "{}", status: 202 }, asked };
};

test("a reply is asked for until it is there", async () => {
  const { target, asked } = await serve(2);
  const { call, close } = await createPollingCalls(target, '{"sum":5}').open();
  onTestFinished(close);
  await call();
  expect(asked).toEqual(["/status/x", "/status/x"]);
});

test("another reply than the expected one ends the measurement", async () => {
  const { target } = await serve(1);
  const { call, close } = await createPollingCalls(target, '{"sum":6}').open();
  onTestFinished(close);
  await expect(call()).rejects.toThrow('Expected the reply {"sum":6}, got {"sum":5}');
});
