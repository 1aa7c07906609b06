import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import { type Answer, connect, inTurn, type Target, type Work } from "../load.ts";
import type { Server } from "../processes.ts";
import { createRecord, post } from "../requests.ts";

/** `filled` is filled once, and a consume that waits at `quiet` gets only what is meant to wake it. */
export const TOPICS = { requests: "requests", filled: "filled", quiet: "quiet" } as const;

export const PARTITIONS = 6;

/** The topics, as a gateway is told to make them. */
export const TOPICS_TO_MAKE = Object.values(TOPICS).map((topic) => `${topic}:${PARTITIONS}`);

/** How many records a large post has. */
export const LARGE = 100;

/** How many different requests there are. */
const IDS = 1_000;
/** One of so many posts of a mix is large. */
const MIX = 4;

/** Posts of so many records, each with another ID, until every ID had its turn; then they begin again. */
export const createPosts = (server: Server, records: number, topic: string = TOPICS.requests): Work =>
  postsInTurn(topic, records, (some) => toPost(server, some));

export const postsInTurn = (topic: string, records: number, postOf: (records: readonly ProducerRecord[]) => Target): Work =>
  inTurn(Array.from({ length: IDS / records }, (_, n) => [postOf(createRecords(topic, n * records, records))]));

/** Three small posts, then a large one. A gateway that has no room may answer 503. */
export const createMixedPosts = (server: Server): Work =>
  inTurn(
    Array.from({ length: IDS }, (_, n) => {
      const records = createRecords(TOPICS.requests, n, n % MIX === MIX - 1 ? LARGE : 1);
      return [{ ...toPost(server, records), status: OK_OR_UNAVAILABLE }];
    }),
  );

/** What a gateway may answer under more load than it can take. */
export const OK_OR_UNAVAILABLE: readonly number[] = [200, 503];

export type ConsumptionOptions = {
  readonly topic: string;
  readonly group: string;
  readonly batches?: number;
  readonly status?: Target["status"];
};

/** Takes a topic from its first record on: a consume and an empty commit, in turn. After so many batches it begins again, as another group. */
export const createConsumption = (server: Server, { topic, group, batches = Infinity, status = 200 }: ConsumptionOptions): Work => {
  let taken = 0;
  return {
    origin: server.url,
    next() {
      const instance = `${group}-${Math.floor(taken++ / batches)}/bench`;
      const commit = post(server.url, `/commit/${instance}`, undefined, { headers: { authorization: server.authorization }, status });
      return [{ ...createConsume(server, topic, instance), status }, commit];
    },
  };
};

/** Waits at the topic that is quiet. */
export const createWaitingConsume = (server: Server, timeoutMs: number): Target =>
  createConsume(server, TOPICS.quiet, "waiting/bench", timeoutMs);

/** The first records of a partition, whatever anybody else consumes. */
export const createFetch = (server: Server): Target =>
  post(server.url, "/fetch", { topic: TOPICS.requests, partition: 0, offset: 0 }, { headers: { authorization: server.authorization } });

/** Records as the Worker makes them, each with another ID. */
export const createRecords = (topic: string, first: number, count: number): ProducerRecord[] =>
  Array.from({ length: count }, (_, n) => createRecord(topic, String((first + n) % IDS).padStart(63, "b")));

const toPost = ({ url, authorization }: Server, records: readonly ProducerRecord[]): Target =>
  post(url, "/produce", records, { headers: { authorization } });

const createConsume = ({ url, authorization }: Server, topic: string, instance: string, timeout = 1_000): Target => {
  const headers = { authorization, "kafka-auto-offset-reset": "earliest", "kafka-enable-auto-commit": "false" };
  return post(url, `/consume/${instance}`, { topic, timeout }, { headers });
};

/** Posts {@link LARGE} records to the topic `filled`, so many times. @returns how many records it has then */
export const fillTopic = async (server: Server, posts: number): Promise<number> => {
  const { next } = createPosts(server, LARGE, TOPICS.filled);
  await using client = connect(server.url);
  for (let sent = 0; sent < posts; sent++) for (const target of next()) await client.send(target);
  return posts * LARGE;
};

/** Takes that topic from its first record on until it has so many. @throws Error if the topic ends before */
export async function* takeTopic(server: Server, group: string, records: number): AsyncGenerator<TakenBatch> {
  const { next } = createConsumption(server, { topic: TOPICS.filled, group });
  await using client = connect(server.url);
  for (let taken = 0; taken < records;) {
    const [consume, commit] = next() as [Target, Target];
    const batch = await client.ask(consume);
    const count = (JSON.parse(batch.body) as unknown[]).length;
    if (count === 0 && taken > 0) throw new Error(`Expected ${records} records in ${TOPICS.filled}, got ${taken}`);
    taken += count;
    yield { records: count, batch, commit: await client.ask(commit) };
  }
}

/** A batch that was taken and committed. */
export type TakenBatch = { readonly records: number; readonly batch: Answer; readonly commit: Answer };
