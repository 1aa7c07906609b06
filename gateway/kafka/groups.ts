import type { Time } from "../../environment/time.ts";
import { kafkaErrorOf } from "../../kafka/errors.ts";
import type { KafkaError } from "../../kafka/kafka-error.ts";
import { topicPartitionKey } from "../../protocol/topic-partition.ts";
import type { InstanceName, OwnInstance } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import type { Assignment, Groups, Joining } from "../sessions/groups.ts";
import { createPosition, nextRecordRemoved, type Position } from "../sessions/position.ts";
import { readAnswer } from "./answer.ts";
import type { OwnConnections } from "../../kafka/cluster.ts";
import type { Directory } from "../../kafka/directory.ts";
import type { GroupRequests } from "../../kafka/group-requests.ts";
import type { LogOffsets } from "../../kafka/log-offsets.ts";
import { createMember, type Member } from "./member.ts";
import type { Joined } from "../../kafka/group-member.ts";
import type { Topics } from "./topics.ts";

export type KafkaGroupsOptions = {
  /** Joining and reading wait: each instance has connections of its own. */
  readonly connect: () => OwnConnections;
  readonly requests: GroupRequests;
  readonly directory: Directory;
  readonly logOffsets: LogOffsets;
  readonly topics: Pick<Topics, "require">;
  readonly time: Time;
};

/** Each holds a connection to every broker that it reads from. */
const MAX_INSTANCES = 1_000;
/** How often, and how many times at most, the other members are hurried while a new one joins: its own request may still be on its way. */
const HURRY_MS = 50;
const HURRIES = 20;
/** How long a broker waits for records at a time. When a call has gone, the next one on the connection waits for no longer. */
const POLL_MS = 500;

/** Groups of Kafka: an instance is a static member, at whichever gateway it is. */
export const createKafkaGroups = (options: KafkaGroupsOptions): Groups => {
  const { connect, requests, directory, topics, time } = options;
  /** The members at this gateway, by their group. */
  const groups = new Map<string, Set<Member>>();

  const hurryOthers = (group: string, except: Member): void => {
    for (const member of groups.get(group) ?? []) if (member !== except) member.hurry();
  };

  const add = (group: string, member: Member): void => {
    const members = groups.get(group) ?? new Set();
    groups.set(group, members.add(member));
  };

  const remove = (group: string, member: Member): void => {
    const members = groups.get(group);
    members?.delete(member);
    if (members?.size === 0) groups.delete(group);
  };

  return {
    maxInstances: MAX_INSTANCES,
    join({ name: own, topics, options: { autoOffsetReset } }, listener) {
      const name = memberName(own);
      const { group } = name;
      const connections = connect();
      let assignment: Assignment | undefined;
      const kafkaMember = createMember({
        name,
        topics,
        requests: connections.requests,
        groups: requests,
        directory,
        time,
        onAssigned(joined) {
          assignment = createAssignment(joined, { ...options, name, autoOffsetReset, connections, hurry: kafkaMember.hurry });
          listener.assigned(assignment);
        },
        onRevoke: async () => assignment && (await listener.revoking(assignment)),
        onRevoked: listener.revoked,
        onFailed: (failure) => listener.failed(isToBeTold(failure) ? failure : undefined),
        onFenced: () => listener.fenced(takenOver(own)),
      });
      const member: Member = {
        ...kafkaMember,
        async leave() {
          remove(group, member);
          try {
            await kafkaMember.leave();
          } finally {
            hurryOthers(group, member);
            await connections.close();
          }
        },
      };
      add(group, member);
      /** Members at this gateway hear of the new one before their next heartbeat. */
      const announce = (left: number): void => {
        if (left === 0 || assignment !== undefined || groups.get(group)?.has(member) !== true) return;
        hurryOthers(group, member);
        time.setTimeout(() => announce(left - 1), HURRY_MS);
      };
      announce(HURRIES);
      return member;
    },
    requirePartition: (partition) => topics.require([partition]),
    async close() {
      await Promise.allSettled([...groups.values()].flatMap((members) => [...members]).map((member) => member.leave()));
    },
  };
};

type AssignmentOptions = Pick<KafkaGroupsOptions, "requests" | "directory" | "logOffsets"> & {
  readonly name: InstanceName;
  readonly autoOffsetReset: Joining["options"]["autoOffsetReset"];
  readonly connections: OwnConnections;
  /** Makes the member check whether its group rebalances. */
  readonly hurry: () => void;
};

const createAssignment = (
  joined: Joined,
  { requests, directory, logOffsets, name, autoOffsetReset, connections, hurry }: AssignmentOptions,
): Assignment => {
  /** Moves a position into the log again if retention has removed its record, or the log has lost its end. @throws GatewayError 400 */
  const moveIntoLog = async (position: Position): Promise<void> => {
    const [[earliest], [latest]] = await Promise.all([logOffsets("earliest", [position]), logOffsets("latest", [position])]);
    const [start, end] = [earliest?.offset ?? 0, latest?.offset ?? 0];
    const next = position.next ?? start;
    if (next < start && autoOffsetReset === "none") throw nextRecordRemoved(position);
    position.next = Math.min(Math.max(next, start), end);
  };

  return {
    partitions: joined.partitions,
    isUnbroken: joined.isUnbroken,
    async begin(partitions) {
      const commits = await requests.committed(name.group, partitions);
      const committed = new Map(commits.map((at) => [topicPartitionKey(at), at.offset]));
      const others = partitions.filter((partition) => !committed.has(topicPartitionKey(partition)));
      const resets = autoOffsetReset === "none" || others.length === 0 ? [] : await logOffsets(autoOffsetReset, others);
      const offsets = new Map([...commits, ...resets].map((at) => [topicPartitionKey(at), at.offset]));
      return partitions.map((partition) => {
        const key = topicPartitionKey(partition);
        return createPosition(partition, offsets.get(key), committed.get(key));
      });
    },
    read: ({ waitMs, ...request }) =>
      readAnswer({ ...request, requests: connections.requests, directory, moveIntoLog, waitMs: Math.min(POLL_MS, waitMs) }),
    async commit(offsets) {
      try {
        await requests.commit(name, joined, offsets);
        return true;
      } catch (error) {
        const failure = kafkaErrorOf(error);
        if (failure.code !== "rebalanced") throw failure;
        hurry();
        return false;
      }
    },
    commitInBackground: (offsets) => requests.commit(name, joined, offsets),
  };
};

/** Whether the failure is worth an error to the caller. Others pass while the call waits, since the member goes on trying. */
const isToBeTold = ({ code, protocolError }: KafkaError): boolean =>
  code !== "rebalanced" && !(code === "unavailable" && protocolError !== undefined);

/** Instances of one name belong to different members of the group where their users differ: at another gateway, too, nobody takes over another user's. */
const memberName = ({ group, instance, user }: OwnInstance): InstanceName => ({
  group,
  instance: user === undefined ? instance : `${user}:${instance}`,
});

const takenOver = ({ instance }: InstanceName): GatewayError =>
  new GatewayError(
    409,
    `Instance ${JSON.stringify(instance)} has come to the group at another gateway: send all calls of an instance to the same one.`,
  );
