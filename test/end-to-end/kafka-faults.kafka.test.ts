import { afterAll, beforeAll, expect, test } from "vitest";
import type { Host } from "../../cli/start/part-environments.ts";
import { type Kafka, startKafka } from "../kafka/broker/start-kafka.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { HOSTS, type Stack, startStack, until } from "../helpers/stack.ts";
import { startProcess } from "../helpers/processes.ts";
import { type Caller, createCaller } from "./caller.ts";
import { expectNothingLost } from "./workload.ts";

const REQUESTS = 500;
const MINUTES = 60_000;

const describeFaults = (host: Host): void =>
  kafkaSuite(
    `a cluster of three nodes, of which two must have every record, with the Worker in ${host}`,
    () => {
      let kafka: Kafka;
      let stack: Stack;
      let caller: Caller;
      beforeAll(async () => {
        kafka = await startKafka({ nodes: 3 });
        stack = await startStack({ KAFKA_BROKERS: kafka.brokers.join(","), GATEWAY_REPLICATION_FACTOR: "3" }, { host });
        caller = createCaller(stack.url);
      });
      afterAll(async () => {
        await stack?.remove();
        await kafka?.remove();
      });

      /** Whoever was refused was told that nothing was stored, and may come again. */
      const RETRYABLE = new Set(["PRODUCE_UNAVAILABLE", "OVERLOADED"]);
      const expectRetryable = (codes: readonly string[]): void => expect(codes.filter((code) => !RETRYABLE.has(code))).toEqual([]);

      const survive = async (inTheMiddle: () => Promise<void>, { mayExpire = false } = {}): Promise<void> => {
        const sent = await expectNothingLost({ caller, requests: REQUESTS, inTheMiddle, mayExpire });
        expectRetryable(sent.flatMap((one) => (one.outcome === "refused" ? [one.code] : [])));
      };

      // Each node is broker and controller: one of the three is the controller in charge.
      test.each([0, 1, 2])("kill -9 of node %d in the middle of 500 requests loses no reply", { timeout: 5 * MINUTES }, async (index) => {
        await survive(async () => {
          await kafka.nodes[index]?.kill();
          await kafka.nodes[index]?.restart();
          await kafka.ready();
        });
      });

      test(
        "a whole cluster that is stopped for half a minute and started again loses no request: each ends in its reply, or past its deadline",
        { timeout: 5 * MINUTES },
        async () => {
          const outage = async (): Promise<void> => {
            await Promise.all(kafka.nodes.map((node) => node.kill()));
            const refused = caller.send("sum", { a: 1, b: 2 });
            expect(await refused).toMatchObject({ outcome: expect.stringMatching(/refused|unknown/) });
            const since = performance.now();
            // Callers go on coming, and are refused.
            await until(
              async () => (await caller.send("sum", { a: 1, b: 2 })).outcome !== "accepted" && performance.now() - since > 30_000,
            );
            await Promise.all(kafka.nodes.map((node) => node.restart()));
            await kafka.ready();
          };
          await survive(outage, { mayExpire: true });
        },
      );

      test("a second consumer that comes and goes all the time loses no reply", { timeout: 5 * MINUTES }, async () => {
        const environment = {
          SOURCE: "kafka",
          KAFKA_BROKERS: kafka.brokers.join(","),
          WORKER_URL: stack.url,
          REPLY_SECRET: stack.secrets.REPLY_SECRET,
          CONSUMER_INSTANCE: "second",
          EXIT_WITH_PARENT: "1",
        };
        await survive(async () => {
          for (let count = 0; count < 5; count++) {
            const second = await startProcess("consumer", environment);
            await second.stop();
          }
        });
      });

      const producing = host === "node" ? "worker" : "gateway";
      test(`kill -9 of the ${producing} in the middle of 500 requests loses no reply`, { timeout: 5 * MINUTES }, async () => {
        await expectNothingLost({ caller, requests: REQUESTS, inTheMiddle: () => stack.crash(producing) });
      });
    },
    { needs: "clusters" },
  );

for (const host of HOSTS) describeFaults(host);
