import { afterAll, beforeAll } from "vitest";
import { startGatewayProcess } from "../helpers/gateway.ts";
import { type Kafka, startKafka } from "../kafka/broker/start-kafka.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { describeUpstashClient } from "./upstash-client-contract.ts";

kafkaSuite(
  "on Apache Kafka",
  () => {
    let kafka: Kafka;

    // Of its own, as the client sees all topics that there are.
    beforeAll(async () => {
      kafka = await startKafka({ nodes: 1 });
    });

    afterAll(() => kafka.remove());

    describeUpstashClient("kafka", (environment) =>
      startGatewayProcess({ ...environment, GATEWAY_ENGINE: "kafka", KAFKA_BROKERS: kafka.brokers.join(",") }),
    );
  },
  { needs: "clusters" },
);
