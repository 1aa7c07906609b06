import type { Time } from "../environment/time.ts";
import type { TopicPartition } from "../protocol/topic-partition.ts";
import type { Directory } from "./directory.ts";
import { kafkaErrorOf } from "./errors.ts";
import type { GroupRequests, GroupTimeouts, MemberIdentity, MemberName } from "./group-requests.ts";
import type { Requests } from "./library.ts";
import type { JoinGroupResponse } from "./protocol.ts";
import { assignmentOf, type Rebalancing, shareOut, subscriptionOf, topicsOfGroup } from "./subscription.ts";

/** What a member owns since it joined last. */
export type Joined = MemberIdentity & {
  readonly partitions: readonly TopicPartition[];
  /** Whether nobody else can have owned meanwhile what this member owned before it joined. */
  readonly isUnbroken: boolean;
};

/**
 * A static member (KIP-345) of a classic consumer group: its name outlives its process. The caller joins, stays, and joins again; what
 * happens to records in between is its own affair.
 */
export type GroupMember = {
  /**
   * Joins, or joins again. One attempt, which waits until all members have joined and the leader has assigned the partitions.
   * @param owned what the member owns and is to keep if possible
   * @throws KafkaError `rebalanced` if the group has changed again meanwhile, or no longer knows the member
   */
  join(topics: ReadonlySet<string>, owned: readonly TopicPartition[]): Promise<Joined>;
  /**
   * Sends heartbeats until the member is to join again, or `isOver`. Heartbeats that fail for want of a connection are passed over.
   * @throws KafkaError `rebalanced`, `unauthorized`
   */
  stay(isOver: () => boolean): Promise<void>;
  /** Sends the next heartbeat now. */
  hurry(): void;
  /** Leaves the group, if it may be in it. @throws KafkaError */
  leave(): Promise<void>;
};

export type GroupMemberOptions = {
  readonly name: MemberName;
  readonly rebalancing: Rebalancing;
  readonly timeouts: GroupTimeouts;
  /** How soon a member hears that the group changes. */
  readonly heartbeatMs: number;
  /** Of connections of its own: nothing else is answered while a member joins. */
  readonly requests: Requests;
  readonly groups: GroupRequests;
  readonly directory: Directory;
  readonly time: Time;
};

const NO_GENERATION = -1;
/** How often a leader looks whether topics have got more partitions. */
const LOOK_MS = 60_000;

export const createGroupMember = (options: GroupMemberOptions): GroupMember => {
  const { name, rebalancing, timeouts, heartbeatMs, requests, groups, directory, time } = options;
  let memberId = "";
  /** What it was at the end of its last join. */
  let last: MemberIdentity | undefined;
  let mayBeMember = false;
  /** Partition counts by topic, if this member has assigned them as the leader. */
  let led: { readonly counts: ReadonlyMap<string, number>; lookedAt: number } | undefined;
  let wake = (): void => {};

  const wait = async (): Promise<void> => {
    let timer: unknown;
    await new Promise<void>((resolve) => {
      wake = resolve;
      timer = time.setTimeout(resolve, heartbeatMs);
    });
    time.clearTimeout(timer);
  };

  const countPartitions = async (topics: Iterable<string>): Promise<ReadonlyMap<string, number>> =>
    new Map([...(await directory.find(topics)).values()].map((topic) => [topic.name, topic.leaders.length]));

  const assign = async (joined: JoinGroupResponse) => {
    led = undefined;
    // A leader that came back takes up what it had assigned (KIP-814).
    if (joined.leader !== joined.memberId || joined.skipAssignment) return [];
    const counts = await countPartitions(topicsOfGroup(joined));
    led = { counts, lookedAt: time.now() };
    return shareOut(rebalancing, joined, counts);
  };

  const haveTopicsGrown = async (): Promise<boolean> => {
    if (led === undefined || time.now() - led.lookedAt < LOOK_MS) return false;
    led.lookedAt = time.now();
    const { counts } = led;
    const now = await countPartitions(counts.keys()).catch(() => counts);
    return [...counts].some(([topic, count]) => (now.get(topic) ?? count) > count);
  };

  const forgetting = async <Result>(run: () => Promise<Result>): Promise<Result> => {
    try {
      return await run();
    } catch (error) {
      const failure = kafkaErrorOf(error);
      // Its session is over, so it joins as a new member.
      if (failure.protocolError === "UNKNOWN_MEMBER_ID") memberId = "";
      throw failure;
    }
  };

  return {
    join: (topics, owned) =>
      forgetting(async () => {
        mayBeMember = true;
        const protocols = subscriptionOf(rebalancing, topics, owned, last?.generation ?? NO_GENERATION);
        const joined = await groups.join(requests, name, memberId, { ...timeouts, protocols });
        ({ memberId } = joined);
        const { generationId: generation } = joined;
        const isUnbroken = last?.memberId === memberId && generation - last.generation <= 1;
        const partitions = assignmentOf(await groups.sync(requests, name, joined, await assign(joined)));
        last = { memberId, generation };
        return { memberId, generation, partitions, isUnbroken };
      }),
    stay: (isOver) =>
      forgetting(async () => {
        const member = last ?? { memberId, generation: NO_GENERATION };
        for (;;) {
          if (isOver()) return;
          await wait();
          if (isOver() || (await haveTopicsGrown())) return;
          try {
            await groups.heartbeat(name, member);
          } catch (error) {
            const { code } = kafkaErrorOf(error);
            // Anything else may pass before the session is over.
            if (code === "rebalanced" || code === "unauthorized") throw error;
          }
        }
      }),
    hurry: () => wake(),
    async leave() {
      wake();
      // While it joins, the group may have let it in already: then it leaves by its name.
      if (mayBeMember) await groups.leave(name, { memberId, generation: last?.generation ?? NO_GENERATION });
    },
  };
};
