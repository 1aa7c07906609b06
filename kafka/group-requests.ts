import { kafkaErrorOf } from "./errors.ts";
import type { KafkaError } from "./kafka-error.ts";
import { pause, type Time } from "../environment/time.ts";
import type { TopicPartition, TopicPartitionOffset } from "../protocol/topic-partition.ts";
import type { Broker, FindCoordinatorResponse, JoinGroupResponse, OffsetFetchResponse, SyncGroupResponse } from "./protocol.ts";
import { byTopic } from "./protocol.ts";
import type { Requests } from "./library.ts";

/** A group, and the name of a member that outlives its process: Kafka's `group.instance.id`. */
export type MemberName = { readonly group: string; readonly instance: string };

/** What the group knows a member by, from one join to the next. */
export type MemberIdentity = { readonly memberId: string; readonly generation: number };

export type GroupRequests = {
  /** Waits until all members have joined. @param requests of a connection of its own, since the broker answers nothing else meanwhile */
  join(requests: Requests, name: MemberName, memberId: string, options: JoinOptions): Promise<JoinGroupResponse>;
  /** Waits until the leader has assigned the partitions. @returns those of the member, in the bytes of the protocol */
  sync(requests: Requests, name: MemberName, joined: JoinGroupResponse, shares: readonly Share[]): Promise<Buffer>;
  /** Says that the member lives. @throws KafkaError `rebalanced` if it is to join again */
  heartbeat(name: MemberName, member: MemberIdentity): Promise<void>;
  leave(name: MemberName, member: MemberIdentity): Promise<void>;
  /** @throws KafkaError `rebalanced` if it is no longer a member, or is to join again first */
  commit(name: MemberName, member: MemberIdentity, offsets: readonly TopicPartitionOffset[]): Promise<void>;
  /** Partitions without a commit are left out. */
  committed(group: string, partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]>;
};

export type JoinOptions = GroupTimeouts & { readonly protocols: readonly Protocol[] };

export type GroupTimeouts = {
  /** The broker removes a member that it has not heard from for so long. Brokers take no less than 6 s by default. */
  readonly sessionTimeoutMs: number;
  /** How long the others wait for a member that lives and does not join. */
  readonly rebalanceTimeoutMs: number;
};

export type Protocol = { readonly name: string; readonly metadata: Buffer };
export type Share = { readonly memberId: string; readonly assignment: Buffer };

/** How long a call goes on asking while the group's coordinator starts or moves. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 100;
const GROUP_KEY = 0;
/** How many coordinators are remembered: callers choose the names of groups. */
const MAX_COORDINATORS = 10_000;
const NO_LEADER_EPOCH = -1;

/** @param requests for what the broker answers at once */
export const createGroupRequests = (requests: Requests, time: Time): GroupRequests => {
  const coordinators = new Map<string, Broker>();

  const findCoordinator = async (group: string): Promise<Broker> => {
    const known = coordinators.get(group);
    if (known !== undefined) return known;
    const { coordinators: found } = await requests.ask<FindCoordinatorResponse>(undefined, "FindCoordinator", GROUP_KEY, [group]);
    const { host, port } = found[0] as Broker;
    if (coordinators.size >= MAX_COORDINATORS) coordinators.clear();
    coordinators.set(group, { host, port });
    return { host, port };
  };

  /** Asks the coordinator of a group; while there is none, again. */
  const withCoordinator = async <Result>(group: string, ask: (coordinator: Broker) => Promise<Result>): Promise<Result> => {
    const until = time.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await ask(await findCoordinator(group));
      } catch (error) {
        const failure = kafkaErrorOf(error);
        if (!failure.retryable) throw failure;
        const wasKnown = coordinators.delete(group);
        // A connection that failed is tried again only where the coordinator may be another one by now.
        if (time.now() >= until || (failure.protocolError === undefined && !wasKnown)) throw failure;
        await pause(time, PAUSE_MS);
      }
    }
  };

  return {
    join: ({ ask }, { group, instance }, memberId, { protocols, sessionTimeoutMs, rebalanceTimeoutMs }) =>
      withCoordinator(group, (coordinator) =>
        ask<JoinGroupResponse>(
          coordinator,
          "JoinGroup",
          group,
          sessionTimeoutMs,
          rebalanceTimeoutMs,
          memberId,
          instance,
          PROTOCOL_TYPE,
          protocols,
          null,
        ),
      ),
    sync: ({ ask }, { group, instance }, { generationId, memberId, protocolName }, shares) =>
      withCoordinator(group, async (coordinator) => {
        const { assignment } = await ask<SyncGroupResponse>(
          coordinator,
          "SyncGroup",
          group,
          generationId,
          memberId,
          instance,
          PROTOCOL_TYPE,
          protocolName,
          shares,
        );
        return assignment;
      }),
    async heartbeat({ group, instance }, { generation, memberId }) {
      await withCoordinator(group, (coordinator) => requests.ask(coordinator, "Heartbeat", group, generation, memberId, instance));
    },
    async leave({ group, instance }, { memberId }) {
      const members = [{ memberId, groupInstanceId: instance, reason: null }];
      await withCoordinator(group, (coordinator) => requests.ask(coordinator, "LeaveGroup", group, members));
    },
    async commit({ group, instance }, { generation, memberId }, offsets) {
      const topics = byTopic(offsets, ({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: NO_LEADER_EPOCH,
        committedMetadata: null,
      }));
      await withCoordinator(group, (coordinator) =>
        requests.ask(coordinator, "OffsetCommit", group, generation, memberId, instance, topics),
      );
    },
    async committed(group, partitions) {
      const topics = byTopic(partitions, ({ partition }) => partition).map(({ name, partitions: partitionIndexes }) => ({
        name,
        partitionIndexes,
      }));
      const asked = [{ groupId: group, memberId: null, memberEpoch: -1, topics }];
      const answer = await withCoordinator(group, (coordinator) =>
        requests.ask<OffsetFetchResponse>(coordinator, "OffsetFetch", asked, false),
      );
      // Before version 8 an answer is of one group, without saying so.
      const found =
        (answer.groups as OffsetFetchResponse["groups"] | undefined)?.[0] ?? (answer as unknown as OffsetFetchResponse["groups"][0]);
      return found.topics.flatMap(({ name, partitions }) =>
        partitions.flatMap(({ partitionIndex, committedOffset }) =>
          committedOffset < 0n ? [] : [{ topic: name, partition: partitionIndex, offset: Number(committedOffset) }],
        ),
      );
    },
  };
};

const PROTOCOL_TYPE = "consumer";

/** Whether a failure says that another member has the name now, and not only that all are to join again. */
export const isFenced = ({ protocolError }: KafkaError): boolean => protocolError === "FENCED_INSTANCE_ID";
