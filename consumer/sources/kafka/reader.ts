import { pause, type Time } from "../../../environment/time.ts";
import type { Directory, Topic } from "../../../kafka/directory.ts";
import { kafkaErrorOf } from "../../../kafka/errors.ts";
import { fetchFromLeader } from "../../../kafka/fetch.ts";
import { KafkaError } from "../../../kafka/kafka-error.ts";
import type { Requests } from "../../../kafka/library.ts";
import type { Broker } from "../../../kafka/protocol.ts";
import type { FetchedRecord } from "../../../kafka/record-batches.ts";
import type { ConsumerRecord } from "../../../protocol/kafka-record.ts";
import { type TopicPartition, topicPartitionKey } from "../../../protocol/topic-partition.ts";
import { createBackoff } from "../../backoff.ts";
import type { ConsumerObserver } from "../../observe/observer.ts";
import type { OutageLog } from "../../outage-log.ts";
import { consumerRecordOf } from "../../fetched-record.ts";
import { nextTurn } from "../../waiting.ts";
import type { Retry } from "../retry.ts";
import type { Position } from "./positions.ts";

/** Reads on from positions, at all brokers that lead their partitions at once. */
type Reader = {
  /** Records, those of a partition in their order, for as long as their positions are held. Ends when the signal aborts. */
  records(signal: AbortSignal): AsyncGenerator<ConsumerRecord>;
  /** The positions have changed. */
  wake(): void;
};

type ReaderOptions = {
  readonly topics: readonly string[];
  /** Of connections of their own: nothing else is answered while a fetch waits. */
  readonly requests: Requests;
  readonly directory: Directory;
  /** The positions to read at, now. */
  positions(): readonly Position[];
  /** A partition was read from an offset on, and ends there. */
  readonly onRead: ConsumerObserver["read"];
  /** The next offset of the position is not, or no longer, in the log. */
  onOutOfRange(position: Position): Promise<void>;
  readonly retry: Retry;
  readonly outages: OutageLog;
  readonly time: Time;
  readonly random?: (() => number) | undefined;
};

/**
 * How long a broker waits for records, which is how long the first record of a newly assigned partition may have to wait. All that is held
 * in memory, for each broker, is one answer.
 */
const FETCH = { waitMs: 500, maxBytes: 4 * 1024 * 1024, maxPartitionBytes: 1024 * 1024, readCommitted: true } as const;
const BACKOFF = { firstMs: 100, mostMs: 5_000 };
const NOBODY = "";

type Read = { readonly position: Position; readonly record: FetchedRecord };
type Answer = { readonly address: string; readonly reads: readonly Read[] };

/**
 * One fetch at a time at each broker, and the next one only when all records of the last were taken: so whoever takes them sets the pace,
 * and no more than one answer of each broker is in memory.
 */
export const createReader = (options: ReaderOptions): Reader => {
  const { topics, requests, directory, positions, onRead, onOutOfRange, retry, outages, time, random } = options;
  const busy = new Set<string>();
  const answers: Answer[] = [];
  const backoff = createBackoff({ ...BACKOFF, random });
  let wake = (): void => {};

  const fetch = async (
    leader: Broker | undefined,
    wanted: readonly Position[],
    known: ReadonlyMap<string, Topic>,
    signal: AbortSignal,
  ): Promise<readonly Read[]> => {
    if (leader === undefined) throw new KafkaError("unavailable", "some partitions have no leader");
    const byKey = new Map(wanted.map((position) => [topicPartitionKey(position), position]));
    const find = (partition: TopicPartition): Position => byKey.get(topicPartitionKey(partition)) as Position;
    const offsets = wanted.map(({ topic, partition, next }) => ({ topic, partition, offset: next }));
    const { partitions, failures } = await fetchFromLeader(requests, leader, known, offsets, FETCH);
    const reads = partitions.flatMap(({ topic, partition, records, next, end }) => {
      const position = find({ topic, partition });
      if (positions().includes(position)) onRead({ topic, partition, offset: position.next, end });
      position.next = next;
      return records.map((record) => ({ position, record }));
    });
    for (const { at, error } of failures) {
      if (error.code === "out-of-range") await onOutOfRange(find(at));
      else await standBack(error, signal);
    }
    if (failures.length === 0) {
      backoff.reset();
      outages.over();
    }
    return reads;
  };

  /** Never rejects. */
  const read = async (
    address: string,
    leader: Broker | undefined,
    wanted: readonly Position[],
    known: ReadonlyMap<string, Topic>,
    signal: AbortSignal,
  ): Promise<void> => {
    let reads: readonly Read[] = [];
    try {
      reads = await fetch(leader, wanted, known, signal);
    } catch (error) {
      if (!signal.aborted) await standBack(kafkaErrorOf(error), signal);
    }
    answers.push({ address, reads });
    wake();
  };

  /** Says what is wrong and waits a while. The leaders may be others by then. */
  const standBack = async ({ message }: KafkaError, signal: AbortSignal): Promise<void> => {
    outages.warn({ reason: message }, "Kafka cannot be read now");
    await pause(time, backoff.nextMs(), signal);
    directory.forget(topics);
  };

  const startFetches = async (signal: AbortSignal): Promise<void> => {
    const known = await retry("finding the leaders of partitions", () => directory.find(topics), signal);
    if (known === undefined) return;
    const leaderOf = ({ topic, partition }: TopicPartition): Broker | undefined => known.get(topic)?.leaders[partition];
    const reading = positions().filter(({ isPaused }) => isPaused !== true);
    for (const [address, wanted] of Map.groupBy(reading, (position) => addressOf(leaderOf(position)))) {
      if (busy.has(address)) continue;
      busy.add(address);
      void read(address, leaderOf(wanted[0] as Position), wanted, known, signal);
    }
  };

  return {
    async *records(signal) {
      const abort = (): void => wake();
      signal.addEventListener("abort", abort);
      try {
        while (!signal.aborted) {
          const changed = new Promise<void>((resolve) => (wake = resolve));
          if (positions().length > 0) await startFetches(signal);
          const answer = answers.shift();
          if (answer === undefined) {
            if (!signal.aborted) await changed;
            continue;
          }
          for (const { position, record } of answer.reads) {
            // The same object, not one of the same partition: what was read before the partition went and came back may come again.
            if (signal.aborted || !positions().includes(position)) continue;
            if (isSkipped(position, record)) position.next = Math.min(position.next, record.offset);
            else yield consumerRecordOf(position, record);
          }
          // Replies that are ready leave first: somebody waits for them.
          if (answer.reads.length > 0) await nextTurn(time);
          busy.delete(answer.address);
        }
      } finally {
        signal.removeEventListener("abort", abort);
      }
    },
    wake: () => wake(),
  };
};

/** Read again later, together with all behind it: the partition is paused, or was when an earlier record of the same answer had its turn. */
const isSkipped = ({ isPaused, next }: Position, { offset }: FetchedRecord): boolean => isPaused === true || offset >= next;

const addressOf = (broker: Broker | undefined): string => (broker === undefined ? NOBODY : `${broker.host}:${broker.port}`);
