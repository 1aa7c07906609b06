import type { BytesProducer } from "./clients.ts";
import { kafkaErrorOf } from "./errors.ts";
import { KafkaError } from "./kafka-error.ts";
import { createLeaderQueue, type LeaderQueue } from "./leader-queue.ts";
import { partitionOfKey } from "../protocol/partitioner.ts";
import { partitionName, type PendingRecord } from "./pending-record.ts";
import { sendToLeader } from "./send.ts";
import { createStickyPartitions } from "./sticky-partitions.ts";
import type { Time } from "../environment/time.ts";
import { type Leader, type TopicMetadata, topicMetadata } from "./topic-metadata.ts";

/** Brings records to the leaders of their partitions, and each record to an outcome. */
export type Router = {
  /** Sends them together with whatever else is added in this turn of the event loop. */
  add(records: readonly PendingRecord[]): void;
};

/** Between attempts while the leader of a partition changes. */
const RETRY_PAUSE_MS = 50;

export const createRouter = (client: BytesProducer, time: Time): Router => {
  const queues = new Map<number, LeaderQueue>();
  const placeTogether = createStickyPartitions();
  const addSoon = createBatcher((run) => time.setImmediate(run), { fresh: false });
  const retry = createBatcher((run) => time.setTimeout(run, RETRY_PAUSE_MS), { fresh: true });

  function createBatcher(schedule: (run: () => void) => unknown, how: { readonly fresh: boolean }) {
    let collected: PendingRecord[] = [];
    const flush = (): void => {
      const waiting = collected.filter(({ settled }) => !settled);
      collected = [];
      for (const [topic, records] of Map.groupBy(waiting, ({ record }) => record.topic)) void route(topic, records, how);
    };
    return (records: readonly PendingRecord[]): void => {
      if (records.length === 0) return;
      if (collected.length === 0) schedule(flush);
      for (const pending of records) collected.push(pending);
    };
  }

  /** Hands the records of one topic to the queues of its leaders. */
  const route = async (topic: string, records: readonly PendingRecord[], how: { readonly fresh: boolean }): Promise<void> => {
    let metadata: TopicMetadata;
    try {
      metadata = await topicMetadata(client, topic, how);
    } catch (error) {
      const failure = kafkaErrorOf(error);
      // What a broker answers may pass soon; if no broker answers, nobody knows how long that lasts.
      if (failure.retryable && failure.protocolError !== undefined) retry(records.map((pending) => failed(pending, failure)));
      else for (const pending of records) pending.settle(failure);
      return;
    }
    place(topic, records, metadata, how);
    const led = records.filter((pending) => {
      if (metadata.leaderOf(pending.partition as number) !== undefined) return true;
      withoutLeader(pending, metadata);
      return false;
    });
    const leaderOf = ({ partition = 0 }: PendingRecord) => metadata.leaderOf(partition) as Leader;
    for (const [queue, records] of Map.groupBy(led, (pending) => queueOf(leaderOf(pending)))) queue.add(records);
  };

  /** Chooses partitions as Kafka's own clients do. What has no key may go elsewhere when it has to be sent again. */
  const place = (
    topic: string,
    records: readonly PendingRecord[],
    metadata: TopicMetadata,
    { fresh }: { readonly fresh: boolean },
  ): void => {
    const keyless: PendingRecord[] = [];
    for (const pending of records) {
      const { partition, key } = pending.record;
      if (partition !== undefined) continue;
      if (key !== undefined) pending.partition ??= partitionOfKey(key, metadata.partitions);
      else if (fresh || pending.partition === undefined) keyless.push(pending);
    }
    if (keyless.length === 0) return;
    const queueOfPartition = (partition: number): LeaderQueue | undefined => {
      const leader = metadata.leaderOf(partition);
      return leader && queueOf(leader);
    };
    placeTogether(topic, keyless, {
      partitions: metadata.partitions,
      stateOf(partition) {
        const queue = queueOfPartition(partition);
        if (queue === undefined) return "leaderless";
        return queue.isBusy() ? "busy" : "free";
      },
      isGathering: (partition) => queueOfPartition(partition)?.holds(topic, partition) ?? false,
    });
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
    // A broker that came back at another address.
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
      // A broker takes or refuses the batch of a partition as a whole. Sent alone, a record shows whether it is to blame.
      else if (REFUSALS.has(outcome.code) && (shared.get(partitionName(pending))?.length ?? 0) > 1) apart.push(failed(pending, outcome));
      // Or the broker does not know the partition yet, or no longer leads it.
      else if (outcome.retryable || outcome.code === "unknown-topic") again.push(failed(pending, outcome));
      else pending.settle(outcome);
    }
    for (const pending of apart) pending.alone = true;
    queueOf(leader).add(apart);
    retry(again);
  };

  return { add: addSoon };
};

const REFUSALS: ReadonlySet<string> = new Set(["too-large", "rejected"]);

/** Nothing of it was stored, and it may be sent again. */
const failed = (pending: PendingRecord, failure: KafkaError): PendingRecord => {
  pending.sent = false;
  pending.failure = failure;
  return pending;
};
