import { afterAll, beforeAll, test } from "vitest";
import type { Host } from "../../cli/start/part-environments.ts";
import { HOSTS, type Stack, type StackProcess, startStack } from "../helpers/stack.ts";
import { type Kafka, startKafka } from "../kafka/broker/start-kafka.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { expectAllEnd, REQUESTS } from "./mixed-workload.ts";

const describeFaults = (host: Host): void =>
  kafkaSuite(
    `a cluster with the Worker in ${host}`,
    () => {
      let kafka: Kafka;
      let stack: Stack;
      beforeAll(async () => {
        kafka = await startKafka({ nodes: 1 });
        stack = await startStack({ KAFKA_BROKERS: kafka.brokers.join(",") }, { host });
      });
      afterAll(async () => {
        await stack?.remove();
        await kafka?.remove();
      });

      const victims: readonly StackProcess[] = host === "node" ? ["consumer", "worker"] : ["consumer", "gateway"];
      test.each(victims)(
        `kill -9 of the %s among ${REQUESTS} requests that are retried, cancelled and answered in pieces: each ends as it should`,
        { retry: 0, timeout: 240_000 },
        async (victim) => {
          await expectAllEnd({ stack, inTheMiddle: () => stack.crash(victim) });
        },
      );
    },
    { needs: "clusters" },
  );

for (const host of HOSTS) describeFaults(host);
