import type { TopicPartition, TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { assignPartitions } from "../../kafka/assignment.ts";
import type { Assignment, Groups, Joining, MemberListener, ReadRequest } from "../sessions/groups.ts";
import {
  createPosition,
  NOTHING,
  nextRecordRemoved,
  type Position,
  rotate,
  settleTaken,
  type Taken,
  type Taking,
} from "../sessions/position.ts";
import type { StoredRecord } from "../engine.ts";
import type { Commits } from "./commits.ts";
import { type LogFile, readInto, type Room } from "./log-file.ts";
import { findPartition, type Partition, requireWithinEnd, startOf, type Topics } from "./partition.ts";

export type EmbeddedGroupsOptions = {
  readonly topics: Topics;
  readonly log: Pick<LogFile, "read">;
  readonly commits: Pick<Commits, "of" | "set" | "setInBackground">;
};

/** Each holds some kilobytes for as long as its session, which can be a day. */
const MAX_INSTANCES = 20_000;

/** Groups whose members are all in this process. Partitions move in the same step in which a member comes, goes or changes its topics. */
export const createEmbeddedGroups = (options: EmbeddedGroupsOptions): Groups => {
  const groups = new Map<string, Group>();
  return {
    maxInstances: MAX_INSTANCES,
    join(joining, listener) {
      const { group: groupName, instance } = joining.name;
      const group = groups.get(groupName) ?? createGroup(options);
      groups.set(groupName, group);
      group.members.set(instance, { ...joining, listener, owned: undefined });
      group.rebalance();
      return {
        subscribe(topics) {
          const member = group.members.get(instance);
          if (member === undefined) return;
          member.topics = topics;
          group.rebalance();
        },
        async leave() {
          group.members.delete(instance);
          if (group.members.size === 0) groups.delete(groupName);
          else group.rebalance();
        },
      };
    },
    requirePartition: async (partition) => void findPartition(options.topics, partition),
    close: async () => groups.clear(),
  };
};

type Member = Joining & {
  topics: ReadonlySet<string>;
  readonly listener: MemberListener;
  /** Undefined until its first rebalance. */
  owned: Assignment | undefined;
};

type Group = { readonly members: Map<string, Member>; rebalance(): void };

const createGroup = (options: EmbeddedGroupsOptions): Group => {
  const members = new Map<string, Member>();
  let owners: ReadonlyMap<Partition, string> = new Map();
  return {
    members,
    rebalance() {
      const wanted = new Map([...members].map(([name, { topics }]) => [name, topics]));
      owners = assignPartitions(wanted, [...options.topics.values()].flat(), owners);
      const shares = Map.groupBy(owners.keys(), (partition) => owners.get(partition) as string);
      const changed = [...members.values()].filter(({ name, owned }) => !owns(owned, shares.get(name.instance) ?? []));
      // Revoke from all members first: what they commit is where the next owners begin.
      for (const { listener, owned } of changed) if (owned !== undefined) void listener.revoking(owned);
      for (const member of changed) member.owned = createAssignment(member, shares.get(member.name.instance) ?? [], options);
      for (const { listener, owned } of changed) listener.assigned(owned as Assignment);
    },
  };
};

const owns = (owned: Assignment | undefined, partitions: readonly Partition[]): boolean => {
  if (owned?.partitions.length !== partitions.length) return false;
  const before = new Set<TopicPartition>(owned.partitions);
  return partitions.every((partition) => before.has(partition));
};

const createAssignment = (
  { name: { group }, options: { autoOffsetReset } }: Joining,
  partitions: readonly Partition[],
  { topics, log, commits }: EmbeddedGroupsOptions,
): Assignment => {
  const begin = (partition: Partition): Position => {
    const resets = { earliest: startOf(partition), latest: partition.end, none: undefined };
    const committed = commits.of(group, partition);
    // A power cut may have taken records that were committed already: never wait beyond the end.
    return createPosition(partition, committed === undefined ? resets[autoOffsetReset] : Math.min(committed, partition.end), committed);
  };

  const read = ({ positions, memory }: ReadRequest): Taking => {
    const next = [...positions.values()].map((position) => ({ position, partition: findPartition(topics, position) }));
    if (autoOffsetReset === "none")
      for (const { position, partition } of next) if ((position.next as number) < startOf(partition)) throw nextRecordRemoved(position);
    const taking = readInto(memory, (room) => take(log, next, room));
    rotate(positions);
    return taking;
  };

  const offsetsOf = (offsets: readonly TopicPartitionOffset[]): ReadonlyMap<Partition, number> =>
    new Map(offsets.map((at) => [findPartition(topics, at), at.offset]));

  return {
    partitions,
    isUnbroken: true,
    begin: async (gained) => gained.map((partition) => begin(findPartition(topics, partition))),
    async read(request) {
      const taking = read(request);
      const { wait, waitMs, isCurrent } = request;
      if (taking.records.length > 0 || waitMs === 0) return taking;
      for (const { watchers } of partitions) watchers.add(wait.wake);
      await wait.pause(waitMs);
      for (const { watchers } of partitions) watchers.delete(wait.wake);
      return isCurrent() && !wait.isCut() ? read(request) : NOTHING;
    },
    async commit(offsets) {
      const stored = offsetsOf(offsets);
      for (const [partition, offset] of stored) requireWithinEnd(partition, offset);
      await commits.set(group, stored);
      return true;
    },
    commitInBackground: async (offsets) => commits.setInBackground(group, offsetsOf(offsets)),
  };
};

type Next = { readonly position: Position; readonly partition: Partition };

/** Where retention has removed records, reading goes on with the first that is there. */
const take = (log: Pick<LogFile, "read">, next: readonly Next[], room: Room): Taking => {
  const records: StoredRecord[] = [];
  const taken: Taken[] = [];
  try {
    for (const { position, partition } of next) {
      const from = position.next as number;
      const read = log.read(partition, from, room);
      const last = read.at(-1);
      if (last === undefined) continue;
      position.next = last.offset + 1;
      taken.push({ position, from, to: position.next });
      records.push(...read);
    }
  } catch (error) {
    settleTaken(taken, false);
    throw error;
  }
  return { records, taken };
};
