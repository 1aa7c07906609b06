import { createAdminClient } from "../../kafka/clients.ts";
import { kafkaErrorOf } from "../../kafka/errors.ts";
import type { KafkaError } from "../../kafka/kafka-error.ts";
import { createKafkaProducer } from "../../kafka/producer.ts";
import { topicMetadata } from "../../kafka/topic-metadata.ts";
import type { DeadLetter } from "../dead-letter.ts";
import { type Partition, partitionKey, type Position } from "../offsets.ts";
import { type CommitResult, type OnRevoked, type Source, SourceError } from "../source.ts";
import { platformTimers } from "../timers.ts";
import { createMembership, type MembershipOptions } from "./kafka/membership.ts";
import { createPlaces, type Place } from "./kafka/places.ts";
import { createReader } from "./kafka/reader.ts";
import { createTrouble } from "./kafka/trouble.ts";
import { createPersist } from "./persist.ts";

/** Those of its membership, and what else it needs. */
export type KafkaSourceOptions = Omit<MembershipOptions, `on${string}`> & { readonly random?: () => number };

/** What does not pass by itself: somebody has to act, and a process that ends says so. */
const FATAL: ReadonlySet<string> = new Set<KafkaError["code"]>(["misconfigured", "unauthorized"]);
/** What the same record will be answered again. */
const REFUSED_RECORD: ReadonlySet<string> = new Set<KafkaError["code"]>(["too-large", "rejected"]);

/** Consumes from Kafka itself, as a member of a consumer group. Keys, values and headers are bytes. */
export const kafkaSource = (options: KafkaSourceOptions): Source => {
  const { connection, group, topics, log, timers = platformTimers, random } = options;
  const describe = (error: unknown): string => kafkaErrorOf(error).message;
  const trouble = createTrouble(log);
  const commitTrouble = createTrouble(log);
  const persistOptions = { log: trouble, subject: "Kafka", describe, timers, random };
  const persist = createPersist(persistOptions);
  const persistIfOfUse = createPersist({ ...persistOptions, isFatal: (error) => FATAL.has(kafkaErrorOf(error).code) });
  const closing = new AbortController();
  const held = new Map<string, Place>();
  let taken: readonly Place[] = [];
  let onRevoked: OnRevoked = async () => {};
  const over = new AbortController();

  const toSourceError = (error: unknown): SourceError =>
    error instanceof SourceError ? error : new SourceError(describe(error), { retryable: false, cause: error });

  const hold = (change: () => void): void => {
    change();
    taken = [...held.values()];
    reader.wake();
  };

  const onAssigned = async (partitions: readonly Partition[]): Promise<void> => {
    const places = await persist("finding where to go on", () => positions.resume(partitions), closing.signal);
    // They may have gone meanwhile.
    hold(() => {
      for (const place of places ?? []) if (membership.owns(place)) held.set(partitionKey(place), place);
    });
  };

  const onOutOfRange = async (place: Place): Promise<void> => {
    const from = place.next;
    place.next = (await persist("finding where a partition begins", () => positions.beginning(place), closing.signal)) ?? from;
    const { topic, partition } = place;
    log.error({ topic, partition, offset: Number(from), next: Number(place.next) }, "records were deleted before they were read");
  };

  const membership = createMembership({
    ...options,
    onAssigned: (partitions) => void onAssigned(partitions),
    onRevoked(partitions, signal) {
      hold(() => {
        for (const partition of partitions) held.delete(partitionKey(partition));
      });
      return onRevoked(partitions, signal);
    },
    onEnded: (error) => over.abort(toSourceError(error)),
  });
  const positions = createPlaces(connection, group);
  const producer = createKafkaProducer(connection);
  const reader = createReader({ ...options, places: () => taken, onOutOfRange, persist, trouble });

  const findTopics = async (): Promise<void> => {
    const admin = createAdminClient(connection);
    try {
      await Promise.all(topics.map((topic) => topicMetadata(admin, topic, { fresh: true })));
    } finally {
      await admin.close();
    }
  };

  const commit = async (own: readonly Position[]): Promise<readonly Position[]> => {
    const identity = membership.identity();
    if (own.length === 0 || identity.memberId === null) return [];
    try {
      await positions.commit(own, identity);
      commitTrouble.over();
      return own;
    } catch (error) {
      const { code, message } = kafkaErrorOf(error);
      // While partitions move, Kafka takes no commits of members that have not heard of it; those that stay are committed then. And of
      // a cluster that is away the reader tells.
      const isExpected = code === "rebalanced" || code === "unavailable";
      commitTrouble[isExpected ? "debug" : "warn"]({ reason: message }, "Kafka did not commit");
      return [];
    }
  };

  return {
    name: "kafka",
    async open(signal, whenRevoked) {
      onRevoked = whenRevoked;
      try {
        await persistIfOfUse("finding its topics", findTopics, signal);
        await membership.join(persistIfOfUse, signal);
      } catch (error) {
        throw toSourceError(error);
      }
    },
    async *records(signal) {
      yield* reader.records(AbortSignal.any([signal, over.signal]));
      if (!signal.aborted) throw over.signal.reason;
    },
    async commit(given): Promise<CommitResult> {
      // Kafka itself takes a commit for any partition of any member, and would go back to it.
      const own = given.filter((position) => membership.owns(position));
      const lost = given.filter((position) => !membership.owns(position)).map(({ topic, partition }) => ({ topic, partition }));
      return { committed: await commit(own), lost };
    },
    async produce(letter) {
      try {
        await producer.produce([toRecord(letter)]);
      } catch (error) {
        const { code, message } = kafkaErrorOf(error);
        throw new SourceError(message, { retryable: !REFUSED_RECORD.has(code), cause: error });
      }
    },
    async close() {
      closing.abort();
      const left = await Promise.allSettled([membership.leave(), reader.close(), positions.close(), producer.close()]);
      for (const result of left)
        if (result.status === "rejected")
          log.warn({ reason: describe(result.reason) }, "Kafka could not be told that this member has left");
    },
  };
};

const toRecord = ({ topic, key, value, headers }: DeadLetter) => ({
  topic,
  key: toBytes(key) ?? undefined,
  value: toBytes(value) ?? undefined,
  headers: headers.map((header) => [Buffer.from(header.key), toBytes(header.value)] as const),
});

const toBytes = (value: string | Uint8Array | null): Buffer | null => (value === null ? null : Buffer.from(value));
