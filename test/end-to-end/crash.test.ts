import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Stack, type StackProcess, startStack } from "../helpers/stack.ts";
import { type Caller, createCaller } from "./caller.ts";
import { expectNothingLost } from "./workload.ts";

type Setting = {
  readonly name: string;
  readonly host: "workerd" | "node";
  readonly environment: Record<string, string>;
  readonly byPost: boolean;
  readonly victims: readonly StackProcess[];
};

const SETTINGS: readonly Setting[] = [
  {
    name: "the Worker in workerd, and replies over links",
    host: "workerd",
    environment: { REPLY_STORE: "mailbox" },
    byPost: false,
    victims: ["gateway", "consumer", "workerd", "worker"],
  },
  {
    name: "the Worker in workerd, and KV, which has no links, so that replies are posted",
    host: "workerd",
    environment: { REPLY_STORE: "kv" },
    byPost: true,
    victims: ["gateway", "consumer", "workerd", "worker"],
  },
  { name: "the Worker on Node", host: "node", environment: {}, byPost: false, victims: ["worker", "consumer"] },
];

describe.each(SETTINGS)("with $name", ({ host, environment, byPost, victims }) => {
  let stack: Stack;
  let caller: Caller;
  beforeAll(async () => {
    stack = await startStack(environment, { host });
    caller = createCaller(stack.url);
  });
  afterAll(() => stack.remove());

  test.each(victims)("kill -9 of the %s in the middle of 200 requests loses no reply", async (victim) => {
    await expectNothingLost({ caller, requests: 200, inTheMiddle: () => stack.crash(victim) });
    expect(stack.output().includes("the handshake was answered with 501")).toBe(byPost);
  });

  test("kill -9 of everything at once in the middle of 200 requests loses no reply", async () => {
    const inTheMiddle = async (): Promise<void> => {
      await stack.crashAll();
      await stack.restart();
    };
    await expectNothingLost({ caller, requests: 200, inTheMiddle });
  });
});
