import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOSTS, type Stack, startStack } from "../helpers/stack.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { type Caller, createCaller } from "./caller.ts";

for (const host of HOSTS)
  kafkaSuite(`everything on a Kafka cluster, with the Worker in ${host}`, ({ brokers }) => {
    let stack: Stack;
    let caller: Caller;
    beforeAll(async () => {
      // The cluster is shared with other suites, and with whoever was here before.
      stack = await startStack({ KAFKA_BROKERS: brokers.join(","), CONSUMER_GROUP: `rejoinder-${randomUUID()}` }, { host });
      caller = createCaller(stack.url);
    });
    afterAll(() => stack.remove());

    test("says that it runs on Kafka, and where", () => {
      expect(stack.output()).toContain(`start    | on Kafka at ${brokers.join(",")}`);
    });

    test("a request is answered to whoever waits for it", async () => {
      const response = await caller.post("sum", { a: 2, b: 3 }, { prefer: "wait=20" });
      expect([response.status, await response.json()]).toEqual([200, { sum: 5 }]);
    });

    test("requests of one key are worked on one after another, and each caller gets its own reply", async () => {
      const line = { date: "2026-01-15", product: "bolt", quantity: 1, unitPrice: 1 };
      const sent = await Promise.all(
        Array.from({ length: 3 }, (_, index) =>
          caller.send("report", { account: "acme", lines: Array.from({ length: index + 1 }, () => line) }),
        ),
      );
      const ends = await Promise.all(sent.map((one) => caller.end("id" in one ? one.id : "")));
      expect(ends.map(({ state, reply }) => [state, (reply as { total: number }).total])).toEqual(
        [1, 2, 3].map((total) => ["succeeded", total]),
      );
    });

    test("what was accepted before everything was killed at once is worked on after the next start", async () => {
      const sent = await Promise.all(Array.from({ length: 20 }, (_, index) => caller.send("sum", { a: index, b: 1 })));
      await stack.crashAll();
      await stack.restart();
      const ends = await Promise.all(sent.map((one) => caller.end("id" in one ? one.id : "")));
      expect(ends.map(({ reply }) => reply)).toEqual(sent.map((_, index) => ({ sum: index + 1 })));
    });
  });
