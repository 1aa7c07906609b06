import { kafkaErrorOf } from "./errors.ts";
import type { KafkaError } from "./kafka-error.ts";
import { pause, type Time } from "../environment/time.ts";
import type { TopicPartition, TopicPartitionOffset } from "../protocol/topic-partition.ts";
import type { Broker, FindCoordinatorResponse, JoinGroupResponse, OffsetFetchResponse, SyncGroupResponse } from "./protocol.ts";
import { byTopic } from "./protocol.ts";
import type { Requests } from "./requests.ts";

/** A group, and the name of a member that outlives its process: Kafka's `group.instance.id`. */
export type MemberName = { readonly group: string; readonly instance: string };

/** Who a member is, once the group has let it in. */
export type Membership = { readonly memberId: string; readonly generation: number };

export type GroupRequests = {
  /** Waits until all members have come. @param requests of a connection of its own, since the broker answers nothing else meanwhile */
  join(requests: Requests, name: MemberName, memberId: string, protocols: readonly Protocol[]): Promise<JoinGroupResponse>;
  /** Waits until the leader has shared out. @returns what the member is to own, in the bytes of the protocol */
  sync(requests: Requests, name: MemberName, joined: JoinGroupResponse, shares: readonly Share[]): Promise<Buffer>;
  /** Says that a member lives. @throws KafkaError `rebalanced` if it is to join again */
  heartbeat(name: MemberName, member: Membership): Promise<void>;
  leave(name: MemberName, member: Membership): Promise<void>;
  /** @throws KafkaError `rebalanced` if it is no member any more, or not yet again */
  commit(name: MemberName, member: Membership, offsets: readonly TopicPartitionOffset[]): Promise<void>;
  /** Partitions without a commit are left out. */
  committed(group: string, partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]>;
};

export type Protocol = { readonly name: string; readonly metadata: Buffer };
export type Share = { readonly memberId: string; readonly assignment: Buffer };

/** A member of which its broker hears nothing for so long is out. Brokers take no less than 6 s, as they come. */
const SESSION_TIMEOUT_MS = 15_000;
/** So long the others wait for a member that lives and does not come. */
const REBALANCE_TIMEOUT_MS = 15_000;
/** So long a call goes on asking a group whose coordinator is starting, or moving. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 100;
const GROUP_KEY = 0;
/** Coordinators are remembered of so many groups; callers choose the names. */
const MAX_COORDINATORS = 10_000;
const NO_LEADER_EPOCH = -1;

/** @param requests for what is answered at once */
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
    join: ({ ask }, { group, instance }, memberId, protocols) =>
      withCoordinator(group, (coordinator) =>
        ask<JoinGroupResponse>(
          coordinator,
          "JoinGroup",
          group,
          SESSION_TIMEOUT_MS,
          REBALANCE_TIMEOUT_MS,
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
