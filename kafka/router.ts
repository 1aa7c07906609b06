import type { BytesProducer } from "./clients.ts";
import { kafkaErrorOf } from "./errors.ts";
import { KafkaError } from "./kafka-error.ts";
import { createLeaderQueue, type LeaderQueue } from "./leader-queue.ts";
import { partitionOfKey } from "./partitioner.ts";
import { type NewRecord, partitionName, type PendingRecord } from "./pending-record.ts";
import { sendToLeader } from "./send.ts";
import type { Time } from "../environment/time.ts";
import { type Leader, type TopicMetadata, topicMetadata } from "./topic-metadata.ts";

/** Brings records to the leaders of their partitions, and each of them to an outcome. */
export type Router = {
  /** Together with whatever else is added in this turn of the event loop. */
  add(records: readonly PendingRecord[]): void;
};

/** Between attempts while a partition has no leader, or another one than was known. */
const RETRY_PAUSE_MS = 50;

export const createRouter = (client: BytesProducer, time: Time): Router => {
  const queues = new Map<number, LeaderQueue>();
  const choosePartition = createPartitioner();
  const gather = createGathering((run) => time.setImmediate(run), { fresh: false });
  const retry = createGathering((run) => time.setTimeout(run, RETRY_PAUSE_MS), { fresh: true });

  function createGathering(schedule: (run: () => void) => unknown, how: { readonly fresh: boolean }) {
    let gathered: PendingRecord[] = [];
    const flush = (): void => {
      const waiting = gathered.filter(({ settled }) => !settled);
      gathered = [];
      for (const [topic, records] of Map.groupBy(waiting, ({ record }) => record.topic)) void route(topic, records, how);
    };
    return (records: readonly PendingRecord[]): void => {
      if (records.length === 0) return;
      if (gathered.length === 0) schedule(flush);
      for (const pending of records) gathered.push(pending);
    };
  }

  /** Hands the records of one topic to the queues of its leaders. */
  const route = async (topic: string, records: readonly PendingRecord[], how: { readonly fresh: boolean }): Promise<void> => {
    let metadata: TopicMetadata;
    try {
      metadata = await topicMetadata(client, topic, how);
    } catch (error) {
      const failure = kafkaErrorOf(error);
      // That a broker answers so may pass; if none answers, nobody knows for how long.
      if (failure.retryable && failure.protocolError !== undefined) retry(records.map((pending) => failed(pending, failure)));
      else for (const pending of records) pending.settle(failure);
      return;
    }
    const led = records.filter((pending) => {
      if (pending.partition === undefined) pending.partition = choosePartition(pending.record, metadata.partitions);
      if (metadata.leaderOf(pending.partition) !== undefined) return true;
      withoutLeader(pending, metadata);
      return false;
    });
    const leaderOf = ({ partition = 0 }: PendingRecord) => metadata.leaderOf(partition) as Leader;
    for (const [queue, records] of Map.groupBy(led, (pending) => queueOf(leaderOf(pending)))) queue.add(records);
  };

  const withoutLeader = (pending: PendingRecord, { partitions }: TopicMetadata): void => {
    const name = JSON.stringify(partitionName(pending));
    if (pending.partition === undefined || pending.partition >= partitions)
      pending.settle(new KafkaError("unknown-topic", `${name}; the topic has ${partitions} partitions`));
    else retry([failed(pending, new KafkaError("unavailable", `nobody leads the partition ${name}`))]);
  };

  const queueOf = (leader: Leader): LeaderQueue => {
    const known = queues.get(leader.id);
    if (known?.address === leader.address) return known;
    // A broker that came back elsewhere.
    const queue = createLeaderQueue(leader.address, (records) => send(leader, records));
    queues.set(leader.id, queue);
    return queue;
  };

  const send = async (leader: Leader, records: readonly PendingRecord[]): Promise<void> => {
    const outcomes = await sendToLeader(client, leader, records);
    const shared = Map.groupBy(records, partitionName);
    const apart: PendingRecord[] = [];
    const again: PendingRecord[] = [];
    for (const [index, pending] of records.entries()) {
      const outcome = outcomes[index] ?? new KafkaError("unknown");
      if (!(outcome instanceof KafkaError)) pending.settle(outcome);
      // A broker takes a partition's batch or leaves it; only alone does it show which record is to blame.
      else if (REFUSALS.has(outcome.code) && (shared.get(partitionName(pending))?.length ?? 0) > 1) apart.push(failed(pending, outcome));
      // Or a broker that does not know the partition yet, or leads it no more.
      else if (outcome.retryable || outcome.code === "unknown-topic") again.push(failed(pending, outcome));
      else pending.settle(outcome);
    }
    for (const pending of apart) pending.alone = true;
    queueOf(leader).add(apart);
    retry(again);
  };

  return { add: gather };
};

const REFUSALS: ReadonlySet<string> = new Set(["too-large", "rejected"]);

/** Nothing of it was stored, and it may be sent again. */
const failed = (pending: PendingRecord, failure: KafkaError): PendingRecord => {
  pending.sent = false;
  pending.failure = failure;
  return pending;
};

/** As Kafka's own clients do: by the key, else in turn. */
const createPartitioner = (): ((record: NewRecord, partitions: number) => number) => {
  const turns = new Map<string, number>();
  return ({ topic, key }, partitions) => {
    if (key !== undefined) return partitionOfKey(key, partitions);
    const turn = turns.get(topic) ?? 0;
    turns.set(topic, turn + 1);
    return turn % partitions;
  };
};
