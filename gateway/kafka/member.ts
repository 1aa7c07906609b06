import type { Time } from "../../environment/time.ts";
import type { Directory } from "../../kafka/directory.ts";
import { kafkaErrorOf } from "../../kafka/errors.ts";
import { createGroupMember, type Joined } from "../../kafka/group-member.ts";
import { type GroupRequests, isFenced } from "../../kafka/group-requests.ts";
import type { KafkaError } from "../../kafka/kafka-error.ts";
import type { Requests } from "../../kafka/library.ts";
import { EAGER } from "../../kafka/subscription.ts";
import type { InstanceName } from "../engine.ts";

/** A static member of a Kafka group (`group.instance.id`), which joins and stays by itself until it leaves. */
export type Member = {
  subscribe(topics: ReadonlySet<string>): void;
  /** Checks whether it is to join again, before the next heartbeat. */
  hurry(): void;
  /** Leaves the group, if it is in it. */
  leave(): Promise<void>;
};

export type MemberOptions = {
  readonly name: InstanceName;
  readonly topics: ReadonlySet<string>;
  /** On connections of its own: nothing else is answered while a member joins. */
  readonly requests: Requests;
  readonly groups: GroupRequests;
  readonly directory: Directory;
  readonly time: Time;
  /** Called after each rebalance. */
  readonly onAssigned: (joined: Joined) => void;
  /** Called before a rebalance, while the partitions are still its own. Must not reject. */
  readonly onRevoke: () => Promise<void>;
  /** Called when it owns nothing until the rebalance has ended. */
  readonly onRevoked: () => void;
  /** Called when it could not join, or was told to join again. It goes on trying. */
  readonly onFailed: (failure: KafkaError) => void;
  /** Called when another member has taken its name. */
  readonly onFenced: () => void;
};

/** How soon a member hears of a rebalance. */
const HEARTBEAT_MS = 1_000;
const TIMEOUTS = { sessionTimeoutMs: 15_000, rebalanceTimeoutMs: 15_000 };
/** Between attempts to join. */
const PAUSE_MS = 500;

export const createMember = (options: MemberOptions): Member => {
  const { time, onAssigned, onRevoke, onRevoked, onFailed, onFenced } = options;
  const member = createGroupMember({ ...options, rebalancing: EAGER, timeouts: TIMEOUTS, heartbeatMs: HEARTBEAT_MS });
  let { topics } = options;
  /** What it owned last. */
  let owned: Joined["partitions"] = [];
  /** `isStale`: its topics have changed since it joined. */
  const state = { isStale: false, ended: false };
  let stopPause = (): void => {};

  const pause = async (): Promise<void> => {
    let timer: unknown;
    await new Promise<void>((resolve) => {
      stopPause = resolve;
      timer = time.setTimeout(resolve, PAUSE_MS);
    });
    time.clearTimeout(timer);
  };

  const hurry = (): void => {
    member.hurry();
    stopPause();
  };

  const join = async (): Promise<void> => {
    state.isStale = false;
    const joined = await member.join(topics, owned);
    if (state.ended) return;
    owned = joined.partitions;
    onAssigned(joined);
    if (state.isStale) onRevoked();
  };

  const note = (error: unknown): void => {
    const failure = kafkaErrorOf(error);
    if (!isFenced(failure)) return onFailed(failure);
    state.ended = true;
    onFenced();
  };

  const run = async (): Promise<void> => {
    while (!state.ended) {
      try {
        await join();
      } catch (error) {
        note(error);
        if (!state.ended) await pause();
        continue;
      }
      await member.stay(() => state.ended || state.isStale).catch(note);
      if (state.ended) return;
      await onRevoke();
      onRevoked();
    }
  };

  void run();

  return {
    subscribe(wanted) {
      topics = wanted;
      state.isStale = true;
      onRevoked();
      hurry();
    },
    hurry,
    async leave() {
      if (state.ended) return;
      state.ended = true;
      hurry();
      await member.leave();
    },
  };
};
