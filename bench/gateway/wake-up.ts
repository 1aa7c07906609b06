import { setTimeout as wait } from "node:timers/promises";
import { Client } from "undici";
import { exchange, type Target } from "../load.ts";
import { createSmallPosts, createWaitingConsume, createWakingPost, type Server } from "./requests.ts";

/** Times in microseconds, taken one right after another. */
export type WakeUpSample = {
  /** From sending a produce until the answer to a consume that was waiting is complete. */
  readonly wakeUpUs: number;
  /** One produce for which nobody waits. */
  readonly produceUs: number;
  /** The same with the bare server. */
  readonly bareProduceUs: number;
  /** A consume of the bare server, which answers at once that there is nothing. */
  readonly bareEmptyUs: number;
};

/** What is asked: the gateway, and at two addresses the bare server. */
export type WakeUpServers = { readonly gateway: Server; readonly bareProduce: Server; readonly bareEmpty: Server };

/** Long enough for a consume to have reached the gateway and wait there. */
const SETTLE_MS = 15;
const LONGEST_WAIT_MS = 10_000;
const WARM_UPS = 30;

/** Takes so many samples, after some that do not count. @throws Error if the waiting consume gets anything but the one record. */
export const measureWakeUp = async (servers: WakeUpServers, count: number): Promise<readonly WakeUpSample[]> => {
  const { gateway, bareProduce, bareEmpty } = servers;
  const clients = [gateway, gateway, bareProduce, bareEmpty].map(({ url }) => new Client(url));
  const [consumer, producer, bareProducer, bareConsumer] = clients as [Client, Client, Client, Client];
  const waitingConsume = createWaitingConsume(gateway, LONGEST_WAIT_MS);
  const wakingPost = createWakingPost(gateway);
  const posts = createSmallPosts(gateway);
  const barePosts = createSmallPosts(bareProduce);
  const emptyConsume = createWaitingConsume(bareEmpty, LONGEST_WAIT_MS);

  const wakeUp = async (): Promise<number> => {
    const waiting = exchange(consumer, waitingConsume, { keepBody: true }).then(({ body }) => ({ body, answered: performance.now() }));
    await wait(SETTLE_MS);
    const sent = performance.now();
    const [{ answered, body }] = await Promise.all([waiting, exchange(producer, wakingPost)]);
    if ((JSON.parse(body) as unknown[]).length !== 1) throw new Error(`Expected the waiting consume to get one record, got ${body}`);
    return (answered - sent) * 1_000;
  };
  const takeSample = async (): Promise<WakeUpSample> => ({
    bareProduceUs: await timeOf(bareProducer, barePosts.next()),
    bareEmptyUs: await timeOf(bareConsumer, [emptyConsume]),
    produceUs: await timeOf(producer, posts.next()),
    wakeUpUs: await wakeUp(),
  });

  try {
    for (let sample = 0; sample < WARM_UPS; sample++) await takeSample();
    const samples: WakeUpSample[] = [];
    while (samples.length < count) samples.push(await takeSample());
    return samples;
  } finally {
    await Promise.all(clients.map((client) => client.destroy()));
  }
};

const timeOf = async (client: Client, targets: readonly Target[]): Promise<number> => {
  const sent = performance.now();
  for (const target of targets) await exchange(client, target);
  return (performance.now() - sent) * 1_000;
};
