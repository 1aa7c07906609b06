import { kafkaErrorOf } from "../../kafka/errors.ts";
import type { KafkaError } from "../../kafka/kafka-error.ts";
import type { Clock } from "../clock.ts";
import type { TopicPartition } from "../../protocol/topic-partition.ts";
import type { InstanceName } from "../engine.ts";
import type { Directory } from "../../kafka/directory.ts";
import { type GroupRequests, isFenced, type Membership } from "../../kafka/group-requests.ts";
import type { JoinGroupResponse } from "../../kafka/protocol.ts";
import type { Requests } from "../../kafka/requests.ts";
import { assignmentOf, shareOut, subscriptionOf, topicsOfGroup } from "../../kafka/subscription.ts";

/** What a member owns, as long as this is the same object. */
export type Assignment = Membership & {
  readonly partitions: readonly TopicPartition[];
  /** What it owned without a break before: nobody else had it meanwhile. */
  readonly previous: Assignment | undefined;
};

/** One member of a group of Kafka's, under a name that outlives it: `group.instance.id`. */
export type Member = {
  /** What it owns now; undefined while the group is sharing out. */
  assignment(): Assignment | undefined;
  /** Why it could not join at its last attempt; undefined once it has, or while it is still trying the first time. */
  failure(): KafkaError | undefined;
  /** Resolves when one of these has changed, or it has ended. */
  changed(): Promise<void>;
  subscribe(topics: ReadonlySet<string>): void;
  /** Joins again if it is to, without waiting for the next heartbeat. */
  hurry(): void;
  /** Leaves the group, if it is in it. */
  leave(): Promise<void>;
};

export type MemberOptions = {
  readonly name: InstanceName;
  readonly topics: ReadonlySet<string>;
  /** Of a connection of its own: joining keeps all else on it waiting. */
  readonly requests: Requests;
  readonly groups: GroupRequests;
  readonly directory: Directory;
  readonly clock: Clock;
  /** Called while what it owned is still its own, before it is shared out anew. */
  readonly onRevoke: (assignment: Assignment) => Promise<void>;
  /** Called when another member has taken its name. */
  readonly onFenced: () => void;
};

const NO_GENERATION = -1;
/** How soon the others of a group hear that somebody came. */
const HEARTBEAT_MS = 1_000;
/** Between attempts to join. */
const PAUSE_MS = 500;
/** How often a leader looks whether topics have got more partitions. */
const LOOK_MS = 60_000;

export const createMember = (options: MemberOptions): Member => {
  const { name, requests, groups, directory, clock, onRevoke, onFenced } = options;
  let { topics } = options;
  let memberId = "";
  let assignment: Assignment | undefined;
  /** The last one, until another is there. */
  let owned: Assignment | undefined;
  let failure: KafkaError | undefined;
  /** `isStale`: it has subscribed to others, and what it owns is not of them. */
  const state = { isStale: false, ended: false };
  /** What a leader shared out: partition counts, by topic. */
  let shared: { readonly counts: ReadonlyMap<string, number>; lookedAt: number } | undefined;
  let change = Promise.withResolvers<void>();
  let stopPause = (): void => {};

  const notify = (): void => {
    const { resolve } = change;
    change = Promise.withResolvers<void>();
    resolve();
  };

  const pause = async (ms: number): Promise<void> => {
    let timer: unknown;
    await new Promise<void>((resolve) => {
      stopPause = resolve;
      timer = clock.setTimeout(resolve, ms);
    });
    clock.clearTimeout(timer);
  };

  const countPartitions = async (wanted: Iterable<string>): Promise<ReadonlyMap<string, number>> =>
    new Map([...(await directory.find(wanted)).values()].map((topic) => [topic.name, topic.leaders.length]));

  const share = async (joined: JoinGroupResponse) => {
    shared = undefined;
    if (joined.leader !== joined.memberId || joined.skipAssignment) return [];
    const counts = await countPartitions(topicsOfGroup(joined));
    shared = { counts, lookedAt: clock.now() };
    return shareOut(joined, counts);
  };

  const join = async (): Promise<void> => {
    state.isStale = false;
    const joined = await groups.join(requests, name, memberId, subscriptionOf(topics, owned?.partitions ?? []));
    const unbroken = owned?.memberId === joined.memberId && joined.generationId - owned.generation <= 1;
    memberId = joined.memberId;
    const partitions = assignmentOf(await groups.sync(requests, name, joined, await share(joined)));
    if (state.ended) return;
    const previous = unbroken ? owned : undefined;
    // Of a chain of them only the last is needed.
    owned = { memberId, generation: joined.generationId, partitions, previous: previous && { ...previous, previous: undefined } };
    assignment = owned;
    failure = undefined;
    notify();
  };

  /** Whether a topic that it shared out has got more partitions, or has come, or gone. */
  const hasGrown = async (): Promise<boolean> => {
    if (shared === undefined || clock.now() - shared.lookedAt < LOOK_MS) return false;
    shared.lookedAt = clock.now();
    const { counts } = shared;
    const now = await countPartitions(counts.keys()).catch(() => counts);
    return [...counts].some(([topic, count]) => (now.get(topic) ?? count) > count);
  };

  /** Resolves when the group shares out anew. */
  const staysMember = async (member: Assignment): Promise<void> => {
    while (!state.ended && !state.isStale) {
      await pause(HEARTBEAT_MS);
      if (state.ended || state.isStale || (await hasGrown())) return;
      try {
        await groups.heartbeat(name, member);
      } catch (error) {
        const { code } = kafkaErrorOf(error);
        // Anything else may pass before the session is over.
        if (code === "rebalanced" || code === "unauthorized") throw error;
      }
    }
  };

  const note = (error: unknown): void => {
    failure = kafkaErrorOf(error);
    // Of its session nothing is left: it comes as somebody new.
    if (failure.protocolError === "UNKNOWN_MEMBER_ID") memberId = "";
    if (!isFenced(failure)) return;
    state.ended = true;
    assignment = undefined;
    onFenced();
  };

  const run = async (): Promise<void> => {
    while (!state.ended) {
      try {
        await join();
      } catch (error) {
        note(error);
        notify();
        if (!state.ended) await pause(PAUSE_MS);
        continue;
      }
      const member = owned;
      if (state.ended || member === undefined) return;
      await staysMember(member).catch(note);
      if (!state.ended) await onRevoke(member).catch(() => undefined);
      assignment = undefined;
      notify();
    }
  };

  void run();

  return {
    assignment: () => (state.isStale ? undefined : assignment),
    failure: () => failure,
    changed: () => change.promise,
    subscribe(wanted) {
      topics = wanted;
      state.isStale = true;
      stopPause();
    },
    hurry: () => stopPause(),
    async leave() {
      if (state.ended) return;
      state.ended = true;
      assignment = undefined;
      stopPause();
      notify();
      // While it joins, the group may have let it in already: then it leaves by its name.
      await groups.leave(name, { memberId, generation: owned?.generation ?? NO_GENERATION });
    },
  };
};
