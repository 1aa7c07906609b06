import type { ClusterMetadata } from "@platformatic/kafka";
import { createConsumerClient } from "../../../kafka/clients.ts";
import type { KafkaConnection } from "../../../kafka/config.ts";
import { KafkaError } from "../../../kafka/kafka-error.ts";
import { kafkaErrorOf } from "../../../kafka/errors.ts";
import type { ConsumerRecord } from "../../../protocol/kafka-record.ts";
import { createBackoff } from "../../backoff.ts";
import { nextTurn, pause, platformTimers, type Timers } from "../../timers.ts";
import type { Persist } from "../persist.ts";
import { type Fetched, readFetched, responseIn } from "./fetched.ts";
import type { Place } from "./places.ts";
import type { Trouble } from "./trouble.ts";

/** Reads on from places, at all brokers that lead them at once. */
export type Reader = {
  /** Records, those of a partition in their order, for as long as their places are held. Ends when the signal aborts. */
  records(signal: AbortSignal): AsyncGenerator<ConsumerRecord>;
  /** The places have changed: there is something to look at. */
  wake(): void;
  close(): Promise<void>;
};

export type ReaderOptions = {
  readonly connection: KafkaConnection;
  readonly group: string;
  readonly topics: readonly string[];
  /** The places to read at, now. */
  places(): readonly Place[];
  /** The next offset of the place is not in the log, or no longer. */
  onOutOfRange(place: Place): Promise<void>;
  readonly persist: Persist;
  readonly trouble: Trouble;
  readonly timers?: Timers;
  readonly random?: (() => number) | undefined;
};

/** How long a broker waits for records: a partition that is new here may have to wait so long for its first. */
const MAX_WAIT_MS = 500;
/** What one broker gives at once. With the next below, as much memory as reading takes, for each broker. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_PARTITION_BYTES = 1024 * 1024;
const RETRY = { firstMs: 100, mostMs: 5_000 };
const NO_EPOCH = -1;
/** From Kafka's protocol, of partitions that nobody leads now. */
const NO_LEADER = -1;

/**
 * One fetch at a time at each broker, the next one only when all records of the last were taken: so the one who takes sets the pace, and no
 * more than one answer of each broker is in memory. Not by the library's stream, which goes on with the records that it has read ahead when
 * their partition has gone and come back, behind others that were not handled.
 */
export const createReader = (options: ReaderOptions): Reader => {
  const { connection, group, topics, places, onOutOfRange, persist, trouble, timers = platformTimers, random } = options;
  // Connections of its own: a broker answers a connection in order, and a fetch waits.
  const client = createConsumerClient(connection, { groupId: group, retries: 0 });
  client.topics.trackAll(...topics);
  const busy = new Set<number>();
  const ready: { readonly node: number; readonly fetched: Fetched }[] = [];
  const backoff = createBackoff({ ...RETRY, random });
  let stale = false;
  let wake = (): void => {};

  const fetch = async (node: number, itsPlaces: readonly Place[], metadata: ClusterMetadata): Promise<Fetched> => {
    const idOf = (topic: string): string => metadata.topics.get(topic)?.id ?? "";
    const topicNames = new Map(topics.map((topic) => [idOf(topic), topic]));
    const requested = [...Map.groupBy(itsPlaces, ({ topic }) => topic)].map(([topic, ofTopic]) => ({
      topicId: idOf(topic),
      partitions: ofTopic.map(({ partition, next }) => ({
        partition,
        fetchOffset: next,
        partitionMaxBytes: MAX_PARTITION_BYTES,
        currentLeaderEpoch: NO_EPOCH,
        lastFetchedEpoch: NO_EPOCH,
      })),
    }));
    try {
      const response = await client.fetch({ node, topics: requested, minBytes: 1, maxBytes: MAX_BYTES, maxWaitTime: MAX_WAIT_MS });
      return readFetched(response, itsPlaces, topicNames);
    } catch (error) {
      const response = responseIn(error);
      const fetched = response === undefined ? undefined : readFetched(response, itsPlaces, topicNames);
      if (fetched === undefined || fetched.failures.length === 0) throw error;
      return fetched;
    }
  };

  /** Never rejects. */
  const read = async (node: number, itsPlaces: readonly Place[], metadata: ClusterMetadata, signal: AbortSignal): Promise<void> => {
    let fetched: Fetched = { records: [], failures: [] };
    try {
      if (node === NO_LEADER) throw new KafkaError("unavailable", "nobody leads some of the partitions");
      fetched = await fetch(node, itsPlaces, metadata);
      for (const { place, protocolError } of fetched.failures) {
        if (protocolError === "OFFSET_OUT_OF_RANGE") await onOutOfRange(place);
        else await later(protocolError, signal);
      }
      if (fetched.failures.length === 0) succeeded();
    } catch (error) {
      if (!signal.aborted) await later(kafkaErrorOf(error).message, signal);
    }
    ready.push({ node, fetched });
    wake();
  };

  const later = async (reason: string, signal: AbortSignal): Promise<void> => {
    stale = true;
    trouble.warn({ reason }, "Kafka cannot be read now");
    await pause(backoff.nextMs(), signal, timers);
  };

  const succeeded = (): void => {
    backoff.reset();
    trouble.over();
  };

  const lookUp = (): Promise<ClusterMetadata> => {
    const forceUpdate = stale;
    stale = false;
    return client.metadata({ topics: [...topics], forceUpdate });
  };

  const startFetches = async (signal: AbortSignal): Promise<void> => {
    const metadata = await persist("finding the leaders of partitions", lookUp, signal);
    if (metadata === undefined) return;
    const leaderOf = ({ topic, partition }: Place): number => metadata.topics.get(topic)?.partitions[partition]?.leader ?? NO_LEADER;
    for (const [node, itsPlaces] of Map.groupBy(places(), leaderOf)) {
      if (busy.has(node)) continue;
      busy.add(node);
      void read(node, itsPlaces, metadata, signal);
    }
  };

  return {
    async *records(signal) {
      const abort = (): void => wake();
      signal.addEventListener("abort", abort);
      try {
        while (!signal.aborted) {
          const changed = new Promise<void>((resolve) => (wake = resolve));
          if (places().length > 0) await startFetches(signal);
          const answer = ready.shift();
          if (answer === undefined) {
            if (!signal.aborted) await changed;
            continue;
          }
          for (const { place, record } of answer.fetched.records) {
            // Not a place of the same partition: what was read before it went and came back may come again, from further back.
            if (!signal.aborted && places().includes(place)) yield record;
          }
          // Replies that are ready leave first: somebody waits for them.
          if (answer.fetched.records.length > 0) await nextTurn(timers);
          busy.delete(answer.node);
        }
      } finally {
        signal.removeEventListener("abort", abort);
      }
    },
    wake: () => wake(),
    close: () => client.close(),
  };
};
