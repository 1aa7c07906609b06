import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callCommand } from "../cli/run-command.ts";
import { type Stack, startStack } from "../helpers/stack.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { type Caller, createCaller } from "./caller.ts";

kafkaSuite("a Worker that produces to Kafka itself", ({ brokers }) => {
  const variables = { KAFKA_BROKERS: brokers.join(","), CONSUMER_GROUP: `rejoinder-${randomUUID()}` };
  let stack: Stack;
  let caller: Caller;
  beforeAll(async () => {
    stack = await startStack(variables, { direct: true });
    caller = createCaller(stack.url);
  });
  afterAll(() => stack.remove());

  test("answers requests while the gateway stands still", async () => {
    expect(stack.output()).toContain("the Worker produces to Kafka itself");
    const gateway = stack.pid("gateway") ?? 0;
    process.kill(gateway, "SIGSTOP");
    try {
      const responses = await Promise.all(
        Array.from({ length: 50 }, (_, index) => caller.post("sum", { a: index, b: 1 }, { prefer: "wait=20" })),
      );
      expect(await Promise.all(responses.map((response) => response.json()))).toEqual(responses.map((_, index) => ({ sum: index + 1 })));
    } finally {
      process.kill(gateway, "SIGCONT");
    }
  });

  test("keeps what it accepted when its runtime is killed, and connects again", async () => {
    const sent = await Promise.all(Array.from({ length: 20 }, (_, index) => caller.send("sum", { a: index, b: 1 })));
    await stack.crash("workerd");
    const ends = await Promise.all(sent.map((one) => caller.end("id" in one ? one.id : "")));
    expect(ends.map(({ reply }) => reply)).toEqual(sent.map((_, index) => ({ sum: index + 1 })));
    const response = await caller.post("sum", { a: 2, b: 3 }, { prefer: "wait=20" });
    expect([response.status, await response.json()]).toEqual([200, { sum: 5 }]);
  });

  test("is found to be well by rejoinder doctor, which says how far it looked", async () => {
    const { code, stdout } = await callCommand(["doctor", "--url", stack.url], { variables: { REJOINDER_DIR: stack.dir, ...variables } });
    expect(stdout).toMatch(/ok {5}Requests can be produced to Kafka at .* has .*requests.*only brokers with public addresses/);
    expect(code).toBe(0);
  });
});
