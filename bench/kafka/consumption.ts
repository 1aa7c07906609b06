import { Consumer, type GroupOptions, MessagesStreamModes } from "@platformatic/kafka";
import { clientOptions } from "../../kafka/clients.ts";
import type { KafkaConnection } from "../../kafka/config.ts";
import { fillTopic, takeTopic, TOPICS } from "../gateway/requests.ts";
import type { Server } from "../processes.ts";

/** Records a second of one consumer, by rounds, through the gateway and by the client's own stream without commits. */
export type Consumption = { readonly records: number; readonly gateway: readonly number[]; readonly native: readonly number[] };

/** Fills a topic by so many posts, and takes all of it in both ways, in turn; each time as another group. */
export const measureConsumption = async (
  server: Server,
  connection: KafkaConnection,
  posts: number,
  rounds: number,
): Promise<Consumption> => {
  const records = await fillTopic(server, posts);
  const [gateway, native]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const rate = createRate();
    for await (const batch of takeTopic(server, `gateway-${round}`, records)) rate.add(batch.records);
    gateway.push(rate.perSecond());
    native.push(await consumeNatively(connection, `native-${round}`, records));
  }
  return { records, gateway, native };
};

/** Counts from the first records on: joining the group comes before them. */
const createRate = () => {
  let [taken, first, began] = [0, 0, 0];
  return {
    add(count: number): number {
      if (count > 0 && taken === 0) [first, began] = [count, performance.now()];
      return (taken += count);
    },
    perSecond: (): number => ((taken - first) / (performance.now() - began)) * 1_000,
  };
};

const consumeNatively = async (connection: KafkaConnection, groupId: string, records: number): Promise<number> => {
  const rate = createRate();
  const all = Promise.withResolvers<void>();
  const end = await readStream(connection, { topic: TOPICS.filled, groupId, from: "EARLIEST" }, () => {
    if (rate.add(1) === records) all.resolve();
  });
  await all.promise;
  const perSecond = rate.perSecond();
  await end();
  return perSecond;
};

export type StreamedRecord = { readonly value: Buffer; readonly headers: ReadonlyMap<Buffer, Buffer> };

/** Reads a topic by the client's own stream, each record as soon as it is there and without commits. Resolves to what ends that. */
export const readStream = async (
  connection: KafkaConnection,
  { topic, groupId, from }: { readonly topic: string; readonly groupId: string; readonly from: "EARLIEST" | "LATEST" },
  onRecord: (record: StreamedRecord) => void,
): Promise<() => Promise<void>> => {
  const consumer = createConsumerClient(connection, { groupId });
  const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes[from], minBytes: 1, maxWaitTime: 500 });
  stream.on("data", onRecord);
  return async () => {
    await stream.close();
    await consumer.close(true);
  };
};

/** The consumer of the library itself, for comparison. Everything is bytes, and commits are by hand. */
export const createConsumerClient = (connection: KafkaConnection, options: GroupOptions & { readonly groupId: string }) =>
  new Consumer<Buffer, Buffer, Buffer, Buffer>({ ...clientOptions(connection), autocommit: false, ...options });
