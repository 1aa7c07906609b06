import type { Time } from "../../environment/time.ts";
import { type TopicPartitionOffset, topicPartitionKey } from "../../protocol/topic-partition.ts";
import type { OwnInstance, InstanceOptions } from "../engine.ts";
import type { GatewayError } from "../gateway-error.ts";
import type { Assignment, Groups, Joining } from "./groups.ts";
import { noteCommitted, type Positions, resumeOffsets } from "./position.ts";
import type { Wait } from "./wait.ts";

/** A consumer instance of this gateway: a member of its group, with what it owns and how far it has read. */
export type Session = {
  /** With the user to whom it belongs. */
  readonly name: OwnInstance;
  readonly options: InstanceOptions;
  topics(): ReadonlySet<string>;
  subscribe(topics: ReadonlySet<string>): void;
  /** What it owns; undefined during a rebalance. */
  assignment(): Assignment | undefined;
  /** Waits for the end of a rebalance; undefined if that takes too long. @throws why it could not join */
  whenAssigned(wait: Wait): Promise<Assignment | undefined>;
  /** How far it has read what it owns. Complete once `whenBegun` has resolved. */
  positions(): Positions;
  /** Waits until every partition that it owns has a position. @throws what the engine throws */
  whenBegun(): Promise<void>;
  /** Whether it has ever begun to read. */
  hasBegun(): boolean;
  /** Remembers what it has committed. */
  noteCommitted(offsets: readonly TopicPartitionOffset[]): void;
  /** Commits where the group is to resume, if its options say so. Never rejects. */
  autoCommit(): Promise<void>;
  /** Wakes the wait whenever something happens to the session, and cuts it when the session ends. */
  during<Result>(wait: Wait, run: () => Promise<Result>): Promise<Result>;
  /** Why it has ended; undefined while it lives. */
  ended(): GatewayError | undefined;
  /** Cuts what waits. */
  end(why: GatewayError): void;
  /** Resolves when its partitions are free for others. Never rejects. */
  leave(): Promise<void>;
};

export type SessionSeams = { readonly groups: Groups; readonly time: Time; readonly onFenced: (error: GatewayError) => void };

/** How long a call waits for a rebalance at least, whatever time it has for records. */
export const PATIENCE_MS = 5_000;

export const createSession = (joining: Joining, { groups, time, onFenced }: SessionSeams): Session => {
  const { name, options } = joining;
  let { topics } = joining;
  let assignment: Assignment | undefined;
  /** Belong to the last assignment, until there is another. */
  let positions: Positions = new Map();
  /** Finds the positions of the assignment. */
  let beginning: Promise<void> | undefined;
  let hasBegun = false;
  let failure: Error | undefined;
  let ended: GatewayError | undefined;
  const waits = new Set<Wait>();

  const notify = (): void => {
    for (const wait of waits) wait.wake();
  };

  const autoCommit = async (current: Assignment | undefined): Promise<void> => {
    const offsets = options.autoCommit && current !== undefined ? resumeOffsets(positions) : [];
    if (current === undefined || offsets.length === 0) return;
    // A failed commit makes records come again, which at-least-once allows.
    await current.commitInBackground(offsets).then(
      () => noteCommitted(positions, offsets),
      () => undefined,
    );
  };

  /** Done before the first consume is answered. From then on a crash of the gateway skips no record. */
  const commitBeginnings = async (current: Assignment): Promise<void> => {
    const offsets = options.autoCommit ? resumeOffsets(positions) : [];
    if (offsets.length > 0 && (await current.commit(offsets).catch(() => false))) noteCommitted(positions, offsets);
  };

  const begin = async (current: Assignment): Promise<void> => {
    const gained = current.partitions.filter((partition) => !positions.has(topicPartitionKey(partition)));
    if (gained.length > 0) {
      const found = await current.begin(gained);
      if (assignment !== current) return;
      for (const position of found) positions.set(topicPartitionKey(position), position);
      await commitBeginnings(current);
    }
    hasBegun = true;
  };

  const whenBegun = async (): Promise<void> => {
    const current = assignment;
    if (current === undefined) return;
    beginning ??= begin(current);
    try {
      await beginning;
    } catch (error) {
      if (assignment === current) beginning = undefined;
      throw error;
    }
  };

  const member = groups.join(joining, {
    assigned(next) {
      if (ended !== undefined) return;
      const owned = new Set(next.partitions.map(topicPartitionKey));
      positions = new Map(next.isUnbroken ? [...positions].filter(([key]) => owned.has(key)) : []);
      assignment = next;
      beginning = undefined;
      failure = undefined;
      // At once, so that a reset to the end skips no record that comes before the next consume.
      whenBegun().catch(() => undefined);
      notify();
    },
    revoking: autoCommit,
    revoked() {
      assignment = undefined;
      notify();
    },
    failed(error) {
      failure = error;
      notify();
    },
    fenced: onFenced,
  });

  return {
    name,
    options,
    topics: () => topics,
    subscribe(wanted) {
      topics = wanted;
      member.subscribe(wanted);
    },
    assignment: () => assignment,
    async whenAssigned(wait) {
      const until = time.now() + Math.max(PATIENCE_MS, wait.leftMs());
      for (;;) {
        if (assignment !== undefined) return assignment;
        if (failure !== undefined) throw failure;
        const leftMs = until - time.now();
        if (ended !== undefined || wait.isCut() || leftMs <= 0) return undefined;
        await wait.pause(leftMs);
      }
    },
    positions: () => positions,
    whenBegun,
    hasBegun: () => hasBegun,
    noteCommitted: (offsets) => noteCommitted(positions, offsets),
    async autoCommit() {
      // Tries again what failed when the partitions were assigned.
      if (options.autoCommit && beginning === undefined) await whenBegun().catch(() => undefined);
      await autoCommit(assignment);
    },
    async during(wait, run) {
      waits.add(wait);
      try {
        return await run();
      } finally {
        waits.delete(wait);
      }
    },
    ended: () => ended,
    end(why) {
      ended = why;
      assignment = undefined;
      for (const wait of waits) wait.cut();
    },
    // Without a goodbye, the group notices when the session of the member is over.
    leave: () => member.leave().catch(() => undefined),
  };
};
