import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import type { Target, Work } from "../load.ts";
import { createRecord } from "../record.ts";

/** Where requests go: the gateway, or the bare server in its place. */
export type Server = { readonly url: string; readonly authorization: string };

/** Each has {@link PARTITIONS}. `filled` is filled once, and what waits at `quiet` gets only what is meant to wake it. */
export const TOPICS = { requests: "requests", filled: "filled", quiet: "quiet" } as const;

export const PARTITIONS = 6;

/** How many records a large post has. */
export const LARGE = 100;

/** So many that every partition gets its share. */
const KEYS = 1_000;
/** Of so many posts of a mix, one is large. */
const MIX = 4;

/** Posts of one record, each with another key. */
export const createSmallPosts = (server: Server): Work => postsInTurn(TOPICS.requests, 1, (records) => toPost(server, records));

/** Posts of {@link LARGE} records, each with another key. */
export const createLargePosts = (server: Server, topic: string = TOPICS.requests): Work =>
  postsInTurn(topic, LARGE, (records) => toPost(server, records));

/** Posts of so many records, in turn, until every key had its own; then they begin again. */
export const postsInTurn = (topic: string, records: number, postOf: (records: readonly ProducerRecord[]) => Target): Work =>
  inTurn(range(KEYS / records).map((n) => [postOf(createRecords(topic, n * records, records))]));

/** Three small posts, then a large one. A gateway that has no room may say so by 503. */
export const createMixedPosts = (server: Server): Work =>
  inTurn(
    range(KEYS).map((n) => [{ ...createPost(server, TOPICS.requests, n, n % MIX === MIX - 1 ? LARGE : 1), status: OK_OR_UNAVAILABLE }]),
  );

export type ConsumptionOptions = {
  readonly topic: string;
  readonly group: string;
  /** After so many batches it begins again, as another group. Without it, never. */
  readonly batches?: number;
  readonly status?: Target["status"];
};

/** Takes a topic from its first record on and commits each batch: a consume and an empty commit, in turn. */
export const createConsumption = (server: Server, { topic, group, batches = Infinity, status = 200 }: ConsumptionOptions): Work => {
  let taken = 0;
  return {
    origin: server.url,
    next() {
      const instance = `${group}-${Math.floor(taken++ / batches)}/bench`;
      return [
        { ...createConsume(server, topic, instance), status },
        { ...createRequest(server, `/commit/${instance}`), status },
      ];
    },
  };
};

/** One record to the topic that is quiet. */
export const createWakingPost = (server: Server): Target => createPost(server, TOPICS.quiet, 0, 1);

/** Waits at the topic that is quiet. */
export const createWaitingConsume = (server: Server, timeoutMs: number): Target =>
  createConsume(server, TOPICS.quiet, "waiting/bench", timeoutMs);

/** The first records of a partition, whatever anybody else consumes. */
export const createFetch = (server: Server): Target => ({
  ...createRequest(server, "/fetch"),
  body: JSON.stringify({ topic: TOPICS.requests, partition: 0, offset: 0 }),
});

/** What a gateway under more load than it can take may answer. */
export const OK_OR_UNAVAILABLE: readonly number[] = [200, 503];

/** The sizes of the bodies that travel, in bytes. */
export const payloadBytes = () => {
  const nowhere = { url: "", authorization: "" };
  const bytesOf = ({ body = "" }: Target): number => Buffer.byteLength(body);
  return {
    smallPost: bytesOf(createPost(nowhere, TOPICS.requests, 0, 1)),
    largePost: bytesOf(createPost(nowhere, TOPICS.requests, 0, LARGE)),
  };
};

const createPost = (server: Server, topic: string, firstKey: number, records: number): Target =>
  toPost(server, createRecords(topic, firstKey, records));

const toPost = (server: Server, records: readonly ProducerRecord[]): Target => ({
  ...createRequest(server, "/produce"),
  body: JSON.stringify(records),
});

/** Records as the Worker makes them, each with another key. */
export const createRecords = (topic: string, firstKey: number, count: number): ProducerRecord[] =>
  range(count).map((n) => createRecord(topic, String((firstKey + n) % KEYS).padStart(63, "b")));

const createConsume = (server: Server, topic: string, instance: string, timeoutMs = 1_000): Target => ({
  ...createRequest(server, `/consume/${instance}`, { "kafka-auto-offset-reset": "earliest", "kafka-enable-auto-commit": "false" }),
  body: JSON.stringify({ topic, timeout: timeoutMs }),
});

const createRequest = ({ url, authorization }: Server, path: string, headers: Readonly<Record<string, string>> = {}): Target => ({
  origin: url,
  method: "POST",
  path,
  headers: { "content-type": "application/json", authorization, ...headers },
  status: 200,
});

const inTurn = (turns: readonly (readonly [Target])[]): Work => {
  let count = 0;
  return { origin: turns[0]?.[0].origin ?? "", next: () => turns[count++ % turns.length] ?? [] };
};

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
