import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Stack, type StackProcess, startStack } from "../helpers/stack.ts";
import { type Caller, createCaller } from "./caller.ts";
import { expectNothingLost } from "./workload.ts";

type Path = {
  readonly name: string;
  readonly host: "workerd" | "node";
  readonly environment: Record<string, string>;
  readonly victims: readonly StackProcess[];
  /** Whether the replies are posted, since there are no links. */
  readonly byPost: boolean;
};

const PATHS: readonly Path[] = [
  { name: "workerd, over links", host: "workerd", environment: {}, victims: ["gateway", "consumer", "workerd", "worker"], byPost: false },
  // KV has no links.
  { name: "workerd, by POST", host: "workerd", environment: { REPLY_STORE: "kv" }, victims: ["consumer", "workerd"], byPost: true },
  { name: "Node, over links", host: "node", environment: {}, victims: ["worker", "consumer"], byPost: false },
];

describe.each(PATHS)("with the Worker in $name", ({ host, environment, victims, byPost }) => {
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
