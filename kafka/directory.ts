import type { Broker, MetadataResponse, MetadataResponseTopic } from "./protocol.ts";
import { errorOfCode, kafkaErrorOf } from "./errors.ts";
import { KafkaError } from "./kafka-error.ts";
import type { Time } from "../environment/time.ts";
import { type Requests, wholeAnswer } from "./library.ts";

/** What is known of a topic. */
export type Topic = {
  readonly name: string;
  /** What newer brokers call it. */
  readonly id: string;
  /** Who leads each partition; undefined while nobody does. */
  readonly leaders: readonly (Broker | undefined)[];
};

/** Which topics there are, and whom to ask about them. */
export type Directory = {
  /** Every topic that the gateway's user may know of, without Kafka's own. */
  all(): Promise<ReadonlyMap<string, Topic>>;
  /** Those of the topics that are there; what is known is answered without asking. @throws KafkaError `unauthorized`, `unavailable` */
  find(names: Iterable<string>): Promise<ReadonlyMap<string, Topic>>;
  /** To be asked for anew: it is led by others, or was deleted. */
  forget(names: Iterable<string>): void;
};

/** New partitions are noticed so late; other leaders, and deletion, as soon as they are met. */
const MAX_AGE_MS = 60_000;
/** So long nobody asks again: for all topics, or for one that was not there. */
const FLOOR_MS = 1_000;
/** Names that were not there, which callers choose. */
const MAX_MISSING = 10_000;

export const createDirectory = (requests: Requests, time: Time): Directory => {
  const known = new Map<string, { readonly topic: Topic; readonly at: number }>();
  const missing = new Map<string, number>();
  let listing: { readonly at: number; readonly topics: Promise<ReadonlyMap<string, Topic>> } | undefined;

  const remember = (topic: Topic): Topic => {
    known.set(topic.name, { topic, at: time.now() });
    missing.delete(topic.name);
    return topic;
  };

  const describe = async (names: readonly string[] | null): Promise<readonly (Topic | KafkaError)[]> => {
    const asked = requests.ask<MetadataResponse>(undefined, "Metadata", names, false, false);
    const { brokers, topics } = await wholeAnswer(asked).catch((error: unknown) => {
      throw kafkaErrorOf(error);
    });
    const byId = new Map(brokers.map((broker) => [broker.nodeId, broker]));
    return topics.filter(({ isInternal }) => !isInternal).map((topic) => topicOf(topic, byId));
  };

  const list = async (): Promise<ReadonlyMap<string, Topic>> => {
    const topics = await describe(null);
    return new Map(topics.flatMap((topic) => (topic instanceof KafkaError ? [] : [[topic.name, remember(topic)] as const])));
  };

  const lookUp = async (names: readonly string[]): Promise<void> => {
    const now = time.now();
    if (missing.size + names.length > MAX_MISSING) missing.clear();
    for (const found of await describe(names)) {
      if (!(found instanceof KafkaError)) remember(found);
      else if (found.code !== "unknown-topic") throw found;
    }
    for (const name of names) {
      if ((known.get(name)?.at ?? -1) >= now) continue;
      known.delete(name);
      missing.set(name, now);
    }
  };

  const isToBeAsked = (name: string): boolean => {
    const now = time.now();
    const at = known.get(name)?.at;
    return at === undefined ? now - (missing.get(name) ?? -FLOOR_MS) >= FLOOR_MS : now - at >= MAX_AGE_MS;
  };

  return {
    async all() {
      if (listing === undefined || time.now() - listing.at >= FLOOR_MS) {
        const topics = list();
        listing = { at: time.now(), topics };
        topics.catch(() => (listing = undefined));
      }
      return listing.topics;
    },
    async find(names) {
      const wanted = [...new Set(names)];
      const asked = wanted.filter(isToBeAsked);
      // What is merely old is good enough while nobody can be asked.
      if (asked.length > 0)
        await lookUp(asked).catch((error: unknown) => {
          if (!(error instanceof KafkaError && error.retryable) || asked.some((name) => !known.has(name))) throw error;
        });
      return new Map(
        wanted.flatMap((name) => {
          const topic = known.get(name)?.topic;
          return topic === undefined ? [] : [[name, topic] as const];
        }),
      );
    },
    forget(names) {
      listing = undefined;
      for (const name of names) {
        known.delete(name);
        missing.delete(name);
      }
    },
  };
};

/** What is wrong with a topic: with a partition of it, that it has no leader. */
const topicOf = (
  { errorCode, name, topicId, partitions }: MetadataResponseTopic,
  brokers: ReadonlyMap<number, Broker>,
): Topic | KafkaError => {
  const topic = String(name);
  // Without a leader the whole of a topic can be said to have none.
  if (partitions.length === 0) return errorOfCode(errorCode === 0 ? UNKNOWN_TOPIC : errorCode, JSON.stringify(topic));
  const leaders: (Broker | undefined)[] = [];
  for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = brokers.get(leaderId);
  return { name: topic, id: topicId, leaders };
};

const UNKNOWN_TOPIC = 3;
