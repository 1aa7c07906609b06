import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Stack, type StackProcess, startStack } from "../helpers/stack.ts";
import { type Caller, createCaller } from "./caller.ts";
import { expectNothingLost } from "./workload.ts";

const VICTIMS: StackProcess[] = ["gateway", "consumer", "workerd", "worker"];

describe.each([
  { name: "the mailbox, to which replies go over links", environment: { REPLY_STORE: "mailbox" }, byPost: false },
  { name: "KV, which has no links, so that replies are posted", environment: { REPLY_STORE: "kv" }, byPost: true },
])("with statuses in $name", ({ environment, byPost }) => {
  let stack: Stack;
  let caller: Caller;
  beforeAll(async () => {
    stack = await startStack(environment);
    caller = createCaller(stack.url);
  });
  afterAll(() => stack.remove());

  test.each(VICTIMS)("kill -9 of the %s in the middle of 200 requests loses no reply", async (victim) => {
    await expectNothingLost({ caller, requests: 200, inTheMiddle: () => stack.crash(victim) });
    expect(stack.output().includes("the handshake was answered with 501")).toBe(byPost);
  });
});
