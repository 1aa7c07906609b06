import { once } from "node:events";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import WebSocket from "ws";
import { linkHandshake, linkPath } from "../../protocol/link.ts";
import { hmacOf, signedBy } from "../consumer/process.ts";
import { type Stack, startStack, until } from "../helpers/stack.ts";
import { type Caller, createCaller } from "./caller.ts";
import { expectNothingLost } from "./workload.ts";

let stack: Stack;
let caller: Caller;
beforeAll(async () => {
  stack = await startStack();
  caller = createCaller(stack.url);
});
afterAll(() => stack.remove());

test("a Worker that is replaced ten times while 500 requests flow loses no reply", { retry: 0 }, async () => {
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
  for (let left = count; left > 0; left -= 50) await Promise.all(Array.from({ length: Math.min(left, 50) }, openOne));
  return opened;
};

/** kill -9 of the consumer. Others take the place of its link before it is back: who starts it again stands still meanwhile. */
const takePlaceOfConsumer = async (): Promise<readonly WebSocket[]> => {
  const [supervisor, consumer] = [stack.pid("start"), stack.pid("consumer")];
  if (supervisor === undefined || consumer === undefined) return expect.fail("Expected the consumer to run");
  const taken: WebSocket[] = [];
  process.kill(supervisor, "SIGSTOP");
  try {
    process.kill(consumer, "SIGKILL");
    await until(async () => taken.push(...(await openLinks(0, 1))) > 0);
  } finally {
    process.kill(supervisor, "SIGCONT");
  }
  return taken;
};

test(
  "a consumer that finds its shard full of links delivers by POST meanwhile, and gets a link of its own when they are gone",
  { retry: 0 },
  async () => {
    const before = stack.output().length;
    const output = (): string => stack.output().slice(before);
    const others = [...(await openLinks(0, 1_000))];
    expect(others.length).toBeLessThan(1_000);
    const inTheMiddle = async (): Promise<void> => {
      others.push(...(await takePlaceOfConsumer()));
      await until(() => output().includes("the handshake was answered with 503"));
    };
    await expectNothingLost({ caller, requests: 100, inTheMiddle });
    expect(output()).not.toContain("the links to the mailbox are open again");

    for (const socket of others) socket.terminate();
    await until(() => output().includes("the links to the mailbox are open again"));
    await expectNothingLost({ caller, requests: 100, inTheMiddle: async () => {} });
  },
);
