import { systemTime, type Time } from "../../../environment/time.ts";
import { MAX_PARTITION_BATCH_BYTES } from "../../../protocol/limits.ts";
import { failed, type ProduceOutcome, type Producer } from "../../producer.ts";
import type { Broker, KafkaConnection } from "./broker.ts";
import { BrokerError, brokerErrorOf } from "./broker-error.ts";
import { createBrokers } from "./brokers.ts";
import { checkKafka } from "./check.ts";
import type { OpenSocket } from "./connection.ts";
import { describeVerdict, MESSAGE_TOO_LARGE, UNKNOWN_TOPIC, verdictOf, verdictOfBatch } from "./error-codes.ts";
import { askCluster, type Metadata } from "./metadata.ts";
import { createCall, type PendingRecord, type Queue } from "./pending-record.ts";
import { type BatchResult, sendBatches } from "./produce.ts";
import { createTopic, describeTopic, dropSettled, type Partition, route, takeWaiting, type Topic } from "./topics.ts";

export type KafkaProducerOptions = {
  readonly kafka: KafkaConnection;
  readonly openSocket: OpenSocket;
  readonly time?: Time;
};

/** A batch that is about to be sent, or under way. */
type Sending = { readonly topic: Topic; readonly partition: Partition; readonly queue: Queue; items: readonly PendingRecord[] };

/** The records of one call: more make it no faster, and leave more outcomes unknown when a connection is lost. */
const MAX_CALL_RECORDS = 500;
/** Between attempts while a leader changes. */
const PAUSE_MS = 100;
/** New partitions are noticed this late. Another leader is noticed at once. */
const MAX_AGE_MS = 300_000;
/** The part of the time left that a broker may wait for its replicas: so it can still say that it waited in vain. */
const REPLICATION_SHARE = 0.9;
/** A topic that was made a moment ago is not known to every broker. */
const MOST_TIMES_MISSING = 2;

/**
 * Produces to Kafka itself, on connections that belong to whoever holds this producer. A Worker's request cannot share them with another one;
 * a Durable Object can.
 *
 * One batch of a partition is under way at a time, so a batch that was not stored is sent again before anything behind it. A broker answers the
 * requests of a connection one after the other, so more of them would only hide the way there and back.
 */
export const kafkaProducer = ({ kafka, openSocket, time = systemTime }: KafkaProducerOptions): Producer => {
  const topics = new Map<string, Topic>();
  const brokers = createBrokers({ kafka, openSocket, time, onReady: () => pump() });
  const connecting = new Set<string>();
  let known: Metadata["brokers"] = new Map();
  let isRefreshing = false;
  let refreshTimer: unknown;

  const rejectAll = (pending: readonly PendingRecord[], { outcome, message }: BrokerError): void => {
    for (const one of pending) one.settle(failed(outcome, message));
  };

  /** Asks the cluster about the topics in use. What waits fails if no broker answers. */
  const refresh = async (): Promise<void> => {
    if (isRefreshing) return;
    const addresses = [...new Set([...known.values(), ...kafka.brokers])];
    // A broker that holds this client back answers nothing else either.
    if (brokers.any() === undefined && addresses.some(brokers.isHeldBack)) return refreshSoon();
    isRefreshing = true;
    time.clearTimeout(refreshTimer);
    refreshTimer = undefined;
    try {
      const described = await askCluster({ brokers, addresses, topics: [...topics.keys()], time });
      known = described.brokers;
      for (const { topic, errorCode, leaders } of described.topics) {
        const found = topics.get(topic);
        if (found !== undefined) take(found, errorCode, leaders);
      }
    } catch (error) {
      const reason = brokerErrorOf(error);
      for (const topic of topics.values()) rejectAll(takeWaiting(topic), reason);
    }
    isRefreshing = false;
    pump();
  };

  const refreshSoon = (): void => {
    if (isRefreshing) return;
    refreshTimer ??= time.setTimeout(() => {
      refreshTimer = undefined;
      void refresh();
    }, PAUSE_MS);
  };

  const take = (topic: Topic, errorCode: number, leaders: readonly number[]): void => {
    if (errorCode === 0) return describeTopic(topic, leaders, known, time.now());
    const verdict = verdictOf(errorCode);
    const isMissing = errorCode === UNKNOWN_TOPIC && ++topic.timesMissing >= MOST_TIMES_MISSING;
    if (verdict.means === "again" && !isMissing) return;
    rejectAll(takeWaiting(topic), new BrokerError("rejected", describeVerdict(verdict)));
    if (!topic.partitions.some(({ isBusy }) => isBusy)) topics.delete(topic.name);
  };

  const connect = (address: string): void => {
    if (connecting.has(address)) return;
    connecting.add(address);
    brokers
      .connect(address)
      .catch((error: unknown) => unreachable(address, brokerErrorOf(error)))
      .finally(() => connecting.delete(address));
  };

  /** Another broker may lead soon what this one led. A login that it refused, no other will take. */
  const unreachable = (address: string, reason: BrokerError): void => {
    for (const { partitions, keyless } of topics.values()) {
      for (const partition of partitions) {
        if (partition.leader !== address) continue;
        partition.leader = undefined;
        if (reason.outcome === "rejected") rejectAll(partition.pending.splice(0), reason);
        for (const pending of [...partition.pending, ...keyless.pending]) pending.failure = reason.message;
      }
    }
    refreshSoon();
  };

  /** The connection to who leads a partition. Without one, something is done about it. */
  const leaderOf = ({ leader }: Partition, { pending }: Queue): Broker | undefined => {
    const broker = leader && brokers.ready(leader);
    if (broker) return broker;
    if (leader === undefined) refreshSoon();
    else if (brokers.isHeldBack(leader)) for (const one of pending) one.failure = THROTTLED;
    else connect(leader);
    return undefined;
  };

  /**
   * The partition for the records without a key that wait: each batch goes to another one. Those whose leaders are connected are preferred, and
   * the others are connected as long as there is room.
   */
  const choosePartition = ({ partitions, keyless, turn }: Topic): Partition | undefined => {
    const inTurn = partitions.map((_, index) => partitions[(turn + index) % partitions.length] as Partition);
    const free = inTurn.filter(({ isBusy }) => !isBusy);
    const connected = free.find(({ leader }) => leader !== undefined && brokers.ready(leader) !== undefined);
    const away = free.find(({ leader }) => leader !== undefined && brokers.hasRoomFor(leader) && brokers.ready(leader) === undefined);
    if (away !== undefined) leaderOf(away, keyless);
    return connected ?? away ?? free[0];
  };

  /** Sends everything that can be sent now, to each broker as one request. */
  const pump = (): void => {
    const sends = new Map<Broker, Sending[]>();
    const add = (topic: Topic, partition: Partition, queue: Queue): void => {
      const broker = leaderOf(partition, queue);
      if (broker === undefined) return;
      partition.isBusy = true;
      const sending = { topic, partition, queue, items: queue.pending };
      if (sends.get(broker)?.push(sending) === undefined) sends.set(broker, [sending]);
    };
    for (const topic of topics.values()) {
      dropSettled(topic);
      for (const partition of topic.waiting) if (!partition.isBusy) add(topic, partition, partition);
      const partition = topic.keyless.pending.length > 0 ? choosePartition(topic) : undefined;
      if (partition !== undefined) add(topic, partition, topic.keyless);
      if (topic.unrouted.length > 0) refreshSoon();
    }
    for (const [broker, sendings] of sends) void send(broker, sendings);
  };

  const send = async (broker: Broker, sendings: readonly Sending[]): Promise<void> => {
    const now = time.now();
    const latest = sendings.reduce((latest, { items }) => items.reduce((latest, { deadline }) => Math.max(latest, deadline), latest), now);
    const { counts, answer } = sendBatches(
      broker,
      sendings.map(({ topic, partition, items }) => ({
        topic: topic.name,
        partition: partition.index,
        records: items.map(({ record }) => record),
        maxBytes: topic.maxBatchBytes,
      })),
      { timestampMs: now, timeoutMs: Math.ceil((latest - now) * REPLICATION_SHARE) },
    );
    for (const [index, sending] of sendings.entries()) {
      const { topic, partition, queue, items } = sending;
      sending.items = items.slice(0, counts[index]);
      queue.pending = items.slice(counts[index]);
      if (partition.pending.length === 0) topic.waiting.delete(partition);
      if (queue === topic.keyless) topic.turn = partition.index + 1;
      for (const pending of sending.items) pending.sentTo = broker;
    }
    try {
      const { results, throttleMs } = await answer;
      if (throttleMs > 0) brokers.holdBack(broker, throttleMs);
      for (const [index, sending] of sendings.entries()) settle(sending, results[index], now);
    } catch (error) {
      // Whatever it was, the broker may have stored everything.
      const reason =
        error instanceof BrokerError ? error : new BrokerError("unavailable", "Kafka's answer cannot be read.", { cause: error });
      broker.close(reason);
      for (const { items } of sendings) for (const pending of items) pending.settle(failed("unknown", reason.message));
      refreshSoon();
    }
    for (const { partition } of sendings) partition.isBusy = false;
    brokers.answered(broker);
    pump();
  };

  const settle = (sending: Sending, result: BatchResult | undefined, timestampMs: number): void => {
    const { topic, partition, items } = sending;
    if (result === undefined) return settleAll(items, failed("unknown", "Kafka's answer left out a partition."));
    const { errorCode, errorMessage, baseOffset, blamed } = result;
    if (errorCode === 0) {
      for (const [index, pending] of items.entries()) {
        const metadata = { topic: topic.name, partition: partition.index, offset: baseOffset + index, timestamp: timestampMs };
        pending.settle({ outcome: "stored", metadata });
      }
      return;
    }
    const verdict = verdictOfBatch(result);
    const detail = describeVerdict(verdict, errorMessage);
    if (verdict.means === "unknown") return settleAll(items, failed("unknown", detail));
    if (verdict.means === "again") {
      partition.leader = undefined;
      return putBack(sending, items, detail);
    }
    if (errorCode === MESSAGE_TOO_LARGE && items.length > 1) {
      topic.maxBatchBytes = Math.floor(topic.maxBatchBytes / 2);
      return putBack(sending, items, detail);
    }
    const innocent = blamed.size === 0 ? [] : items.filter((_, index) => !blamed.has(index));
    settleAll(
      items.filter((pending) => !innocent.includes(pending)),
      failed("rejected", detail),
    );
    putBack(sending, innocent, detail);
  };

  /** Nothing of them is stored, and they go before those that came after them. */
  const putBack = ({ topic, partition, queue }: Sending, items: readonly PendingRecord[], failure: string): void => {
    for (const pending of items) Object.assign(pending, { sentTo: undefined, failure });
    queue.pending = [...items, ...queue.pending];
    if (partition.pending.length > 0) topic.waiting.add(partition);
  };

  return {
    name: "kafka",
    limits: { maxBatchRecords: MAX_CALL_RECORDS, maxBatchBytes: MAX_PARTITION_BATCH_BYTES },
    produce(records, deadline) {
      const { pending, outcomes } = createCall(records, deadline, time);
      for (const one of pending) {
        const { topic: name } = one.record;
        let topic = topics.get(name);
        if (topic === undefined) topics.set(name, (topic = createTopic(name)));
        if (time.now() - topic.describedAt > MAX_AGE_MS) void refresh();
        route(topic, one);
      }
      pump();
      return outcomes;
    },
    check: (names, deadline) => checkKafka({ kafka, openSocket, time, topics: names, deadline }),
  };
};

const settleAll = (items: readonly PendingRecord[], outcome: ProduceOutcome): void => {
  for (const pending of items) pending.settle(outcome);
};

const THROTTLED = "Kafka holds this client back: it produces more than its quota. Raise producer_byte_rate, or send less.";
