import type { Log } from "../../../environment/log.ts";
import type { Time } from "../../../environment/time.ts";
import type { Directory } from "../../../kafka/directory.ts";
import { kafkaErrorOf } from "../../../kafka/errors.ts";
import { createGroupMember, type Joined } from "../../../kafka/group-member.ts";
import { type GroupRequests, isFenced, type MemberIdentity } from "../../../kafka/group-requests.ts";
import type { KafkaError } from "../../../kafka/kafka-error.ts";
import type { Requests } from "../../../kafka/library.ts";
import { COOPERATIVE } from "../../../kafka/subscription.ts";
import { type TopicPartition, topicPartitionKey } from "../../../protocol/topic-partition.ts";
import { type OnRevoked, SourceError } from "../../source.ts";
import { unlessAborted } from "../../waiting.ts";
import type { Retry } from "../retry.ts";

/** The consumer as a member of its group, whose partitions move one by one. */
export type Membership = {
  /**
   * Joins. Resolves once it is a member, perhaps without partitions. From then on it stays a member without further calls.
   * @throws what {@link Retry} throws
   */
  join(signal: AbortSignal): Promise<void>;
  /** The partition if commits for it are this member's to make: the same object for as long as nobody else can have owned it. */
  owned(partition: TopicPartition): TopicPartition | undefined;
  /** Resolves when the group assigns its partitions the next time. */
  reassigned(): Promise<void>;
  /** What a commit must carry; undefined before the first join. */
  identity(): MemberIdentity | undefined;
  /** Leaves, so that others take over at once. */
  leave(): Promise<void>;
};

export type MembershipOptions = {
  readonly group: string;
  /** Unique within the group, and the same after a restart. */
  readonly instance: string;
  readonly topics: readonly string[];
  readonly log: Log;
  /** How often Kafka is asked whether partitions go elsewhere: a member that joins waits until the others hear of it. */
  readonly heartbeatIntervalMs?: number;
  /** A member that is silent for this long loses its partitions. */
  readonly sessionTimeoutMs?: number;
  /** Of connections of its own: nothing else is answered while it joins. */
  readonly requests: Requests;
  readonly groups: GroupRequests;
  readonly directory: Directory;
  readonly retry: Retry;
  readonly time: Time;
  onAssigned(partitions: readonly TopicPartition[]): void;
  readonly onRevoked: OnRevoked;
  /** It is not a member any more and will not be one again. */
  onEnded(error: unknown): void;
};

const HEARTBEAT_INTERVAL_MS = 1_000;
/** A process that returns within this time after it was killed keeps its partitions. If it does not return, nobody reads them for this long. */
const SESSION_TIMEOUT_MS = 15_000;
const REBALANCE_TIMEOUT_MS = 20_000;
/** Of the session: no heartbeats are sent while partitions are handed over. */
const HAND_OVER_PART = 2 / 3;

/**
 * A member of a cooperative group learns at a join which partitions it gives up, and nobody else gets them before it has joined again.
 * In between it finishes and commits what is under way.
 */
export const createMembership = (options: MembershipOptions): Membership => {
  const { group, instance, log, retry, time, onAssigned, onRevoked, onEnded } = options;
  const { heartbeatIntervalMs = HEARTBEAT_INTERVAL_MS, sessionTimeoutMs = SESSION_TIMEOUT_MS } = options;
  const member = createGroupMember({
    ...options,
    name: { group, instance },
    rebalancing: COOPERATIVE,
    timeouts: { sessionTimeoutMs, rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS },
    heartbeatMs: heartbeatIntervalMs,
  });
  const topics = new Set(options.topics);
  const leaving = new AbortController();
  const owned = new Map<string, TopicPartition>();
  let identity: MemberIdentity | undefined;
  let reassignment = Promise.withResolvers<void>();

  const loseAll = (): void => {
    if (owned.size > 0) void onRevoked([...owned.values()], AbortSignal.abort());
    owned.clear();
  };

  /** @throws SourceError if another process has the member's name now */
  const noteRebalance = (failure: KafkaError): void => {
    if (isFenced(failure)) {
      loseAll();
      throw takenOver(group, instance);
    }
    // The group has gone on without this member, and others may have had its partitions.
    if (failure.code === "rebalanced" && failure.protocolError !== "REBALANCE_IN_PROGRESS") loseAll();
  };

  const attempt = async (): Promise<Joined> => {
    for (;;) {
      try {
        return await member.join(topics, [...owned.values()]);
      } catch (error) {
        const failure = kafkaErrorOf(error);
        noteRebalance(failure);
        if (failure.code !== "rebalanced" || leaving.signal.aborted) throw failure;
      }
    }
  };

  /** Takes what was assigned, and hands over what was not. @returns whether the member is to join again at once, for the others' sake */
  const take = async (joined: Joined): Promise<boolean> => {
    identity = joined;
    if (!joined.isUnbroken) loseAll();
    const assigned = new Map(joined.partitions.map((partition) => [topicPartitionKey(partition), partition]));
    const added = [...assigned].filter(([key]) => !owned.has(key));
    const revoked = [...owned].filter(([key]) => !assigned.has(key));
    for (const [key, partition] of added) owned.set(key, partition);
    log.debug({ partitions: [...assigned.keys()] }, "the partitions of this member");
    if (added.length > 0) onAssigned(added.map(([, partition]) => partition));
    reassignment.resolve();
    reassignment = Promise.withResolvers();
    if (revoked.length === 0) return false;
    await handOver(revoked.map(([, partition]) => partition));
    for (const [key] of revoked) owned.delete(key);
    return true;
  };

  const handOver = async (revoked: readonly TopicPartition[]): Promise<void> => {
    log.debug({ revoked }, "partitions go to other members");
    const over = new AbortController();
    const timer = time.setTimeout(() => over.abort(), sessionTimeoutMs * HAND_OVER_PART);
    await unlessAborted(onRevoked(revoked, over.signal), leaving.signal);
    time.clearTimeout(timer);
  };

  const stay = async (first: Joined): Promise<void> => {
    for (let joined: Joined | undefined = first; joined !== undefined;) {
      const joinsAtOnce = await take(joined);
      if (!joinsAtOnce) await member.stay(() => leaving.signal.aborted).catch((error: unknown) => noteRebalance(kafkaErrorOf(error)));
      if (leaving.signal.aborted) return;
      joined = await retry("joining the group again", attempt, leaving.signal);
    }
  };

  return {
    async join(signal) {
      const joined = await retry("joining the group", attempt, signal);
      if (joined !== undefined) void stay(joined).catch(onEnded);
    },
    owned: (partition) => owned.get(topicPartitionKey(partition)),
    reassigned: () => reassignment.promise,
    identity: () => identity,
    async leave() {
      leaving.abort();
      await member.leave();
    },
  };
};

const takenOver = (group: string, instance: string): SourceError =>
  new SourceError(
    `Another process has taken the place of ${JSON.stringify(instance)} in the group ${JSON.stringify(group)}. ` +
      "Give each process of a group a CONSUMER_INSTANCE of its own.",
    { retryable: false },
  );
