import type { TopicPartition, TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import type { OwnInstance, InstanceOptions, ResponseMemory } from "../engine.ts";
import type { GatewayError } from "../gateway-error.ts";
import type { Position, Positions, Taking } from "./position.ts";
import type { Wait } from "./wait.ts";

/** What sessions need of an engine: groups that assign partitions to their members. */
export type Groups = {
  /** How many instances there may be. */
  readonly maxInstances: number;
  /** Lets an instance join its group. May call the listener before it returns. */
  join(joining: Joining, listener: MemberListener): Member;
  /** @throws GatewayError 404 unknown topic, 400 partition out of range */
  requirePartition(partition: TopicPartition): Promise<void>;
  /** All members leave at once. */
  close(): Promise<void>;
};

export type Joining = { readonly name: OwnInstance; readonly topics: ReadonlySet<string>; readonly options: InstanceOptions };

/** An instance, as its group knows it. */
export type Member = {
  subscribe(topics: ReadonlySet<string>): void;
  /** Resolves when its partitions are free for others. */
  leave(): Promise<void>;
};

/** Hears what happens in the group. */
export type MemberListener = {
  /** The member owns these from now on. */
  assigned(assignment: Assignment): void;
  /** The group is about to rebalance. The assignment is still the member's until this resolves. Never rejects. */
  revoking(assignment: Assignment): Promise<void>;
  /** The member owns nothing until the rebalance has ended. */
  revoked(): void;
  /** The member cannot join. If the error is worth telling a caller it is given. The member goes on trying. */
  failed(error: Error | undefined): void;
  /** Another gateway has taken the member's name. */
  fenced(error: GatewayError): void;
};

/** What a member owns, and what it may do with it, as long as this is the same object. */
export type Assignment = {
  readonly partitions: readonly TopicPartition[];
  /** Whether nobody else can have owned meanwhile what the member owned before and still owns. */
  readonly isUnbroken: boolean;
  /** Where to begin with partitions: at the group's commit, or else by the member's options. */
  begin(partitions: readonly TopicPartition[]): Promise<readonly Position[]>;
  /** Takes the next records. @throws GatewayError 400 where records were removed and no reset is allowed, 503 without memory */
  read(request: ReadRequest): Promise<Taking>;
  /** Stores where the group resumes. False during a rebalance: only afterwards is it known who owns the partitions. */
  commit(offsets: readonly TopicPartitionOffset[]): Promise<boolean>;
  /** The same for offsets that no caller waits for. Resolves once the next owner of the partitions would begin there. */
  commitInBackground(offsets: readonly TopicPartitionOffset[]): Promise<void>;
};

export type ReadRequest = {
  /** Of all partitions that the member owns. `read` moves them as it takes records; each has a beginning. */
  readonly positions: Positions;
  readonly memory: ResponseMemory;
  readonly wait: Wait;
  /** How long to wait for a first record at most. An engine may return earlier. */
  readonly waitMs: number;
  /** Whether the assignment is still the member's. If not, `read` must take nothing. */
  readonly isCurrent: () => boolean;
};
