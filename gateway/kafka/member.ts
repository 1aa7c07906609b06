import { kafkaErrorOf } from "../../kafka/errors.ts";
import { createGroupMember } from "../../kafka/group-member.ts";
import { type GroupRequests, isFenced, type MemberIdentity } from "../../kafka/group-requests.ts";
import type { Directory } from "../../kafka/directory.ts";
import type { KafkaError } from "../../kafka/kafka-error.ts";
import type { Requests } from "../../kafka/library.ts";
import { EAGER } from "../../kafka/subscription.ts";
import type { TopicPartition } from "../../protocol/topic-partition.ts";
import type { Clock } from "../clock.ts";
import type { InstanceName } from "../engine.ts";

/** What a member owns, as long as this is the same object. */
export type Assignment = MemberIdentity & {
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

/** How soon the others of a group hear that somebody came. */
const HEARTBEAT_MS = 1_000;
const TIMEOUTS = { sessionTimeoutMs: 15_000, rebalanceTimeoutMs: 15_000 };
/** Between attempts to join. */
const PAUSE_MS = 500;

export const createMember = (options: MemberOptions): Member => {
  const { clock, onRevoke, onFenced } = options;
  const member = createGroupMember({ ...options, rebalancing: EAGER, timeouts: TIMEOUTS, heartbeatMs: HEARTBEAT_MS, time: clock });
  let { topics } = options;
  let assignment: Assignment | undefined;
  /** The last one, until another is there. */
  let owned: Assignment | undefined;
  let failure: KafkaError | undefined;
  /** `isStale`: it has subscribed to others, and what it owns is not of them. */
  const state = { isStale: false, ended: false };
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

  const hurry = (): void => {
    member.hurry();
    stopPause();
  };

  const join = async (): Promise<void> => {
    state.isStale = false;
    const { isUnbroken, ...joined } = await member.join(topics, owned?.partitions ?? []);
    if (state.ended) return;
    const previous = isUnbroken ? owned : undefined;
    // Of a chain of them only the last is needed.
    owned = { ...joined, previous: previous && { ...previous, previous: undefined } };
    assignment = owned;
    failure = undefined;
    notify();
  };

  const note = (error: unknown): void => {
    failure = kafkaErrorOf(error);
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
      const held = owned;
      if (state.ended || held === undefined) return;
      await member.stay(() => state.ended || state.isStale).catch(note);
      if (!state.ended) await onRevoke(held).catch(() => undefined);
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
      hurry();
    },
    hurry,
    async leave() {
      if (state.ended) return;
      state.ended = true;
      assignment = undefined;
      hurry();
      notify();
      await member.leave();
    },
  };
};
