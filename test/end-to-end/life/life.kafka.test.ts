import { test } from "vitest";
import { kafkaSuite } from "../../kafka/broker/suite.ts";
import { ownName } from "../../kafka/broker/topics.ts";
import { expectCancelled } from "./cancelled.ts";
import { startStage } from "./stage.ts";

kafkaSuite("on Kafka", ({ brokers }) => {
  const start = () => {
    const topic = ownName("life");
    return startStage({ host: "node", topic, environment: { KAFKA_BROKERS: brokers.join(","), CONSUMER_GROUP: topic } });
  };

  test("500 requests that are cancelled at every moment of their lives end as their handlers do", { retry: 0 }, async () => {
    await expectCancelled(await start(), "worker");
  });
});
