import { kafkaSuite } from "../kafka/broker/suite.ts";
import { describeEngine } from "./engine-contract.ts";
import { kafkaEngineUnderTest } from "./open-kafka-engine.ts";

kafkaSuite("on Apache Kafka", ({ brokers }) => {
  describeEngine("kafka", () => kafkaEngineUnderTest({ brokers }), { rebalances: "soon" });
});
