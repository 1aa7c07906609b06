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

/** How many records each batch of a topic has that no compression and no transaction touched. */
export const recordsOfBatches = async (brokers: readonly string[], topic: string, partitions: number): Promise<readonly number[]> => {
  const consumer = new Consumer({ clientId: "test", groupId: ownName("test"), bootstrapBrokers: [...brokers] });
  try {
    const { topics } = await consumer.metadata({ topics: [topic] });
    const { id = "", partitions: led } = topics.get(topic) ?? {};
    const fetched = Array.from({ length: partitions }, (_, partition) =>
      consumer.fetch({
        node: led?.[partition]?.leader ?? 0,
        maxWaitTime: 1,
        topics: [
          {
            topicId: id,
            partitions: [{ partition, fetchOffset: 0n, partitionMaxBytes: 2 ** 20, currentLeaderEpoch: -1, lastFetchedEpoch: -1 }],
          },
        ],
      }),
    );
    const answers = (await Promise.all(fetched)).flatMap(({ responses }) => responses.flatMap(({ partitions }) => partitions));
    return answers.flatMap(({ records }) => (records ?? []).map(({ records }) => records.length));
  } finally {
    await consumer.close(true);
  }
};
