import { MessagesStreamModes } from "@platformatic/kafka";
import { expect, test } from "vitest";
import { createConsumerClient } from "../../../bench/kafka/library-consumer.ts";
import { createKafkaProducer } from "../../../kafka/producer.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";
import { createTopic, ownName } from "../../kafka/broker/topics.ts";
import { connectionTo } from "../../kafka/connections.ts";

kafkaSuite("the consumer of the client library", ({ brokers }) => {
  test("gives bytes, and commits nothing by itself", async () => {
    const topic = await createTopic(brokers, "reading", 1);
    const producer = createKafkaProducer(connectionTo(brokers));
    const value = Buffer.from([0, 255]);
    await producer.produce([{ topic, value }]);
    await producer.close();
    const groupId = ownName("readers");
    const readFirst = async () => {
      const consumer = createConsumerClient(connectionTo(brokers), { groupId });
      const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.COMMITTED, fallbackMode: "earliest" });
      try {
        for await (const record of stream) return record;
      } finally {
        await consumer.close(true);
      }
    };
    expect(await readFirst()).toMatchObject({ value, offset: 0n });
    expect(await readFirst()).toMatchObject({ value, offset: 0n });
  });
});
