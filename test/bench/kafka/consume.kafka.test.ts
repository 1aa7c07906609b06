import { expect, test } from "vitest";
import { LARGE, TOPICS_TO_MAKE } from "../../../bench/gateway/requests.ts";
import { connectionTo } from "../../../bench/kafka/cluster.ts";
import { measureConsumption } from "../../../bench/kafka/consumption.ts";
import { startGateway } from "../../../bench/processes.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";

kafkaSuite(
  "consuming on Kafka, measured",
  ({ brokers }) => {
    test("all of a topic is taken in each round, through the gateway and without it", async () => {
      await using gateway = await startGateway({ kafkaBrokers: brokers }, TOPICS_TO_MAKE);
      const { records, gateway: taken, native } = await measureConsumption(gateway, connectionTo(brokers), 20, 2);
      expect(records).toBe(20 * LARGE);
      expect(Math.min(...taken, ...native)).toBeGreaterThan(0);
    });
  },
  { needs: "clusters" },
);
