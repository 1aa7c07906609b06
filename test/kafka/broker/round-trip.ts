import { Consumer, type Message, MessagesStreamModes, ProduceAcks, Producer } from "@platformatic/kafka";
import { ownName } from "./topics.ts";

/** Produces one record to every in-sync replica. */
export const produceOne = async (brokers: readonly string[], topic: string, value: string): Promise<void> => {
  const producer = new Producer({ clientId: "test", bootstrapBrokers: [...brokers], retries: 20, retryDelay: 500 });
  try {
    await producer.send({ messages: [{ topic, value: Buffer.from(value) }], acks: ProduceAcks.ALL });
  } finally {
    await producer.close();
  }
};

/** Reads the first records of a topic, as many as asked for. */
export const readRecords = async (brokers: readonly string[], topic: string, count: number): Promise<readonly Message[]> => {
  const consumer = new Consumer({
    clientId: "test",
    groupId: ownName("test"),
    bootstrapBrokers: [...brokers],
    retries: 20,
    retryDelay: 500,
  });
  const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, autocommit: false });
  const records: Message[] = [];
  try {
    for await (const record of stream) if (records.push(record) === count) break;
  } finally {
    await consumer.close(true);
  }
  return records;
};
