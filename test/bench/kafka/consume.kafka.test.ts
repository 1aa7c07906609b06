import { expect, onTestFinished, test } from "vitest";
import { startGatewayProcess } from "../../../bench/gateway/gateway-process.ts";
import { LARGE } from "../../../bench/gateway/requests.ts";
import { givenKafka } from "../../../bench/kafka/broker.ts";
import { measureConsumption } from "../../../bench/kafka/consume.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";

kafkaSuite(
  "consuming on Kafka, measured",
  ({ brokers }) => {
    test("all of a topic is taken in each round, through the gateway and without it", async () => {
      const { connection } = givenKafka(brokers);
      const gateway = await startGatewayProcess(undefined, { GATEWAY_ENGINE: "kafka", KAFKA_BROKERS: brokers.join(",") });
      onTestFinished(() => gateway.remove());
      const { records, gateway: taken, native } = await measureConsumption(gateway, connection, { posts: 20, rounds: 2 });
      expect(records).toBe(20 * LARGE);
      expect(Math.min(taken.min, native.min)).toBeGreaterThan(0);
    });
  },
  { needs: "clusters" },
);
