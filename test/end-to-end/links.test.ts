import { once } from "node:events";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import WebSocket from "ws";
import { linkHandshake, linkPath } from "../../protocol/link.ts";
import { hmacOf, signedBy } from "../consumer/process.ts";
import { type Stack, startStack } from "../helpers/stack.ts";
import { type Caller, createCaller } from "./caller.ts";
import { expectNothingLost } from "./workload.ts";

let stack: Stack;
let caller: Caller;
beforeAll(async () => {
  stack = await startStack();
  caller = createCaller(stack.url);
});
afterAll(() => stack.remove());

test("a Worker that is replaced ten times while 500 requests flow loses no reply", async () => {
  const replaceTenTimes = async (): Promise<void> => {
    for (let time = 0; time < 10; time += 1) await stack.crash("workerd");
  };
  await expectNothingLost({ caller, requests: 500, inTheMiddle: replaceTenTimes });
});

/** Opens links to a shard as consumers do that never say hello. Resolves to those that were opened. */
const openLinks = async (shard: number, count: number): Promise<readonly WebSocket[]> => {
  const { signature } = signedBy(hmacOf(stack.secrets.REPLY_SECRET));
  const opened: WebSocket[] = [];
  onTestFinished(() => {
    for (const socket of opened) socket.terminate();
  });
  const openOne = async (): Promise<void> => {
    const headers = await signature.sign({ body: linkHandshake(shard) });
    const socket = new WebSocket(stack.url.replace("http", "ws") + linkPath(shard), { headers });
    const isOpen = await once(socket, "open").then(
      () => true,
      () => false,
    );
    if (isOpen) opened.push(socket);
  };
  for (let first = 0; first < count; first += 50) await Promise.all(Array.from({ length: 50 }, openOne));
  return opened;
};

test("a thousand links to its shard leave a consumer able to deliver, also when it is killed and when they are gone", async () => {
  const others = await openLinks(0, 1_000);
  expect(others.length).toBeLessThan(1_000);
  await expectNothingLost({ caller, requests: 100, inTheMiddle: () => stack.crash("consumer") });
  for (const socket of others) socket.terminate();
  await expectNothingLost({ caller, requests: 100, inTheMiddle: async () => {} });
});
