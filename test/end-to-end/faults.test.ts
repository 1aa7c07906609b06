import { afterAll, beforeAll, describe, test } from "vitest";
import { HOSTS, type Stack, type StackProcess, startStack } from "../helpers/stack.ts";
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
});
