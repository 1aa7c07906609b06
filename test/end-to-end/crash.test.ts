import { afterAll, beforeAll, test } from "vitest";
import { type Stack, type StackProcess, startStack } from "../helpers/stack.ts";
import { type Caller, createCaller } from "./caller.ts";
import { expectNothingLost } from "./workload.ts";

let stack: Stack;
let caller: Caller;
beforeAll(async () => {
  stack = await startStack();
  caller = createCaller(stack.url);
});
afterAll(() => stack.remove());

test.each(["gateway", "consumer", "workerd", "worker"] satisfies StackProcess[])(
  "kill -9 of the %s in the middle of 200 requests loses no reply",
  async (victim) => {
    await expectNothingLost({ caller, requests: 200, inTheMiddle: () => stack.crash(victim) });
  },
);
