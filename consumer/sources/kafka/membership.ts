import type { Log } from "../../../environment/log.ts";
import { createConsumerClient } from "../../../kafka/clients.ts";
import type { KafkaConnection } from "../../../kafka/config.ts";
import { type Partition, partitionKey } from "../../offsets.ts";
import { type OnRevoked, SourceError } from "../../source.ts";
import { platformTimers, type Timers, unlessAborted } from "../../timers.ts";
import type { Persist } from "../persist.ts";

/** Being one of a group, among whose members Kafka divides the partitions. */
export type Membership = {
  /**
   * Joins; resolves once it is a member, though perhaps of no partition yet. From then on it stays one by itself.
   * @throws what {@link Persist} does
   */
  join(persist: Persist, signal: AbortSignal): Promise<void>;
  /** Whether commits for the partition are this member's to make. */
  owns(partition: Partition): boolean;
  /** What a commit must carry. */
  identity(): Identity;
  /** Leaves, so that others take over at once. */
  leave(): Promise<void>;
};

export type Identity = { readonly memberId: string | null; readonly generationId: number };

export type MembershipOptions = {
  readonly connection: KafkaConnection;
  readonly group: string;
  /** Unique within the group, and the same after a restart. */
  readonly instance: string;
  readonly topics: readonly string[];
  readonly log: Log;
  /** How often Kafka is asked whether partitions go elsewhere: a member that joins waits for the others to hear of it. */
  readonly heartbeatIntervalMs?: number;
  /** After so long without a heartbeat the partitions go to others. */
  readonly sessionTimeoutMs?: number;
  readonly timers?: Timers;
  onAssigned(partitions: readonly Partition[]): void;
  readonly onRevoked: OnRevoked;
  /** It is no member any more and will not be again. */
  onEnded(error: unknown): void;
};

const HEARTBEAT_INTERVAL_MS = 1_000;
/** A process that is killed and back within this keeps its partitions; for one that is not they stand still for so long. */
const SESSION_TIMEOUT_MS = 15_000;
const REBALANCE_TIMEOUT_MS = 20_000;
/** Of the session: no heartbeats are sent while partitions are handed over. */
const HAND_OVER_PART = 2 / 3;
/** The version of a member's subscription from which on it carries its own generation. */
const SUBSCRIPTION_VERSION = 3;
const NO_USER_DATA = Buffer.alloc(0);

/**
 * A static member (KIP-345) of a classic group whose partitions move one by one (KIP-429, `cooperative-sticky`). Before each JoinGroup the library
 * asks for user data and waits for them: that is the moment when this member has learned which partitions it gives up and the others cannot have
 * them yet, and so the time to finish and commit what is under way.
 */
export const createMembership = (options: MembershipOptions): Membership => {
  const { connection, group, instance, topics, log, onAssigned, onRevoked, onEnded, timers = platformTimers } = options;
  const { heartbeatIntervalMs = HEARTBEAT_INTERVAL_MS, sessionTimeoutMs = SESSION_TIMEOUT_MS } = options;
  const leaving = new AbortController();
  let owned = new Map<string, Partition>();
  let persistently: Persist | undefined;

  const client = createConsumerClient(connection, {
    groupId: group,
    groupInstanceId: instance,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    heartbeatInterval: heartbeatIntervalMs,
    protocols: [{ name: "cooperative-sticky", version: SUBSCRIPTION_VERSION }],
    protocolsMetadata: () => beforeJoin(),
  });
  client.topics.trackAll(...topics);

  const assigned = (): Map<string, Partition> => {
    const assignments = client.assignments ?? [];
    const partitions = assignments.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
    return new Map(partitions.map((partition) => [partitionKey(partition), partition]));
  };

  const beforeJoin = async (): Promise<Buffer> => {
    const left = assigned();
    // The library forgets who it was when the group does not know it (then it has forgotten its partitions, too), or knows another by its name.
    const unknown = client.memberId === null;
    if (unknown && left.size > 0) return end();
    await giveUp(
      [...owned].filter(([key]) => !left.has(key)).map(([, partition]) => partition),
      !unknown,
    );
    return NO_USER_DATA;
  };

  const giveUp = async (revoked: readonly Partition[], inTime: boolean): Promise<void> => {
    if (revoked.length === 0) return;
    log.debug({ revoked, inTime }, "partitions go to other members");
    const over = new AbortController();
    if (!inTime) over.abort();
    const timer = timers.setTimeout(() => over.abort(), sessionTimeoutMs * HAND_OVER_PART);
    await unlessAborted(onRevoked(revoked, over.signal), leaving.signal);
    timers.clearTimeout(timer);
    for (const partition of revoked) owned.delete(partitionKey(partition));
  };

  const end = (): never => {
    const error = new SourceError(
      `Another process has taken the place of ${JSON.stringify(instance)} in the group ${JSON.stringify(group)}. ` +
        "Give each process of a group a CONSUMER_INSTANCE of its own.",
      { retryable: false },
    );
    void onRevoked([...owned.values()], AbortSignal.abort());
    owned.clear();
    onEnded(error);
    throw error;
  };

  client.on("consumer:group:join", () => {
    const partitions = assigned();
    const lost = [...owned].filter(([key]) => !partitions.has(key)).map(([, partition]) => partition);
    if (lost.length > 0) void onRevoked(lost, AbortSignal.abort());
    const added = [...partitions].filter(([key]) => !owned.has(key)).map(([, partition]) => partition);
    owned = partitions;
    log.debug({ partitions: [...partitions.keys()] }, "the partitions of this member");
    if (added.length > 0) onAssigned(added);
  });
  // It failed to join again after a change in the group, and then does no more by itself.
  client.on("error", (error) => {
    if (!leaving.signal.aborted && !(error instanceof SourceError)) void rejoin();
  });
  client.on("consumer:heartbeat:error", ({ error }) => log.debug({ err: error }, "a heartbeat failed"));

  const join = async (): Promise<void> => void (await client.joinGroup({}));
  const rejoin = async (): Promise<void> => {
    try {
      await persistently?.("joining the group again", join, leaving.signal);
    } catch (error) {
      onEnded(error);
    }
  };

  return {
    async join(persist, signal) {
      await persist("joining the group", join, signal);
      persistently = persist;
    },
    owns: (partition) => owned.has(partitionKey(partition)),
    identity: () => ({ memberId: client.memberId, generationId: client.generationId }),
    async leave() {
      leaving.abort();
      await client.close();
    },
  };
};
