import { afterAll, beforeAll, describe, test } from "vitest";
import { holdUp, HOSTS, type Stack, type StackProcess, startStack } from "../helpers/stack.ts";
import { expectAllEnd, REQUESTS } from "./mixed-workload.ts";

describe.each(HOSTS)("with the Worker in %s", { retry: 0 }, (host) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({}, { host });
  });
  afterAll(() => stack.remove());

  const victims: readonly StackProcess[] = host === "node" ? ["consumer", "worker"] : ["consumer", "worker", "workerd", "gateway"];

  test.each(victims)(
    `kill -9 of the %s among ${REQUESTS} requests that are retried, cancelled and answered in pieces: each ends as it should`,
    async (victim) => {
      await expectAllEnd({ stack, inTheMiddle: () => stack.crash(victim) });
    },
  );

  test(`a Worker that stands still for a minute among ${REQUESTS} requests loses none: each ends as it should, or past its deadline`, async () => {
    const worker = stack.pid(host === "node" ? "worker" : "workerd") as number;
    await expectAllEnd({ stack, inTheMiddle: () => holdUp(worker, 60_000), mayExpire: true });
  }, 240_000);
});
