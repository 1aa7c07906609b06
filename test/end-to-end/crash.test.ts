import { afterAll, beforeAll, describe, test } from "vitest";
import { type Stack, type StackProcess, startStack } from "../helpers/stack.ts";
import { type Caller, createCaller } from "./caller.ts";
import { expectNothingLost } from "./workload.ts";

describe.each([
  { host: "workerd", victims: ["gateway", "consumer", "workerd", "worker"] },
  { host: "node", victims: ["worker", "consumer"] },
] as const satisfies readonly { host: string; victims: readonly StackProcess[] }[])("with the Worker in $host", ({ host, victims }) => {
  let stack: Stack;
  let caller: Caller;
  beforeAll(async () => {
    stack = await startStack({}, { host });
    caller = createCaller(stack.url);
  });
  afterAll(() => stack.remove());

  test.each(victims)("kill -9 of the %s in the middle of 200 requests loses no reply", async (victim) => {
    await expectNothingLost({ caller, requests: 200, inTheMiddle: () => stack.crash(victim) });
  });

  test("kill -9 of everything at once in the middle of 200 requests loses no reply", async () => {
    const inTheMiddle = async (): Promise<void> => {
      await stack.crashAll();
      await stack.restart();
    };
    await expectNothingLost({ caller, requests: 200, inTheMiddle });
  });
});
