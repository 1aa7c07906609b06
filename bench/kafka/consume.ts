import { MessagesStreamModes } from "@platformatic/kafka";
import { once } from "node:events";
import { Client } from "undici";
import { createConsumerClient } from "./library-consumer.ts";
import type { KafkaConnection } from "../../kafka/config.ts";
import { postRecords } from "../gateway/filled-topic.ts";
import { createConsumption, type Server, TOPICS } from "../gateway/requests.ts";
import { exchange } from "../load.ts";
import { type Spread, spreadOf } from "../spread.ts";

export type Consumption = {
  readonly records: number;
  /** Records a second, one consumer: a consume, reading its JSON, and a commit, in turn. */
  readonly gateway: Spread;
  /** The same by the client's own stream, without commits. */
  readonly native: Spread;
  /** In the same round. */
  readonly gatewayToNative: Spread;
};

export type ConsumptionOptions = { readonly posts: number; readonly rounds: number };

/** Fills a topic, and takes all of it through the gateway and by the client alone, in turn; each time as another group. */
export const measureConsumption = async (
  server: Server,
  connection: KafkaConnection,
  { posts, rounds }: ConsumptionOptions,
): Promise<Consumption> => {
  const records = await postRecords(server, TOPICS.filled, posts);
  const [gateway, native]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    gateway.push(await consumeByGateway(server, `gateway-${round}`, records));
    native.push(await consumeNatively(connection, `native-${round}`, records));
  }
  return {
    records,
    gateway: spreadOf(gateway),
    native: spreadOf(native),
    gatewayToNative: spreadOf(gateway.map((rate, round) => rate / (native[round] ?? Number.NaN))),
  };
};

/** Counts from the first records on: joining the group comes before them. */
const createRate = () => {
  let [taken, first, began] = [0, 0, 0];
  return {
    get taken(): number {
      return taken;
    },
    add(count: number): void {
      if (count > 0 && taken === 0) [first, began] = [count, performance.now()];
      taken += count;
    },
    perSecond: (): number => ((taken - first) / (performance.now() - began)) * 1_000,
  };
};

const consumeByGateway = async (server: Server, group: string, records: number): Promise<number> => {
  const consumption = createConsumption(server, { topic: TOPICS.filled, group });
  const client = new Client(server.url, { pipelining: 1 });
  const rate = createRate();
  try {
    while (rate.taken < records) {
      const [consume, commit] = consumption.next();
      if (consume === undefined || commit === undefined) throw new TypeError("Expected a consume and a commit");
      rate.add((JSON.parse((await exchange(client, consume, { keepBody: true })).body) as unknown[]).length);
      await exchange(client, commit);
    }
    return rate.perSecond();
  } finally {
    await client.destroy();
  }
};

const consumeNatively = async (connection: KafkaConnection, groupId: string, records: number): Promise<number> => {
  const consumer = createConsumerClient(connection, { groupId });
  const stream = await consumer.consume({ topics: [TOPICS.filled], mode: MessagesStreamModes.EARLIEST, minBytes: 1, maxWaitTime: 500 });
  const rate = createRate();
  try {
    stream.on("data", () => {
      rate.add(1);
      if (rate.taken === records) stream.emit("taken");
    });
    await once(stream, "taken");
    return rate.perSecond();
  } finally {
    await stream.close();
    await consumer.close(true);
  }
};
