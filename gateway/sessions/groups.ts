import type { TopicPartition, TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import type { InstanceName, InstanceOptions, ResponseMemory } from "../engine.ts";
import type { GatewayError } from "../gateway-error.ts";
import type { Position, Positions, Taking } from "./position.ts";
import type { Wait } from "./wait.ts";

/** What sessions need of an engine: groups that share partitions out among their members. */
export type Groups = {
  /** How many instances there may be. */
  readonly maxInstances: number;
  /** Has an instance join its group. The listener may be called before this returns. */
  join(joining: Joining, listener: MemberListener): Member;
  /** @throws GatewayError 404 unknown topic, 400 partition out of range */
  requirePartition(partition: TopicPartition): Promise<void>;
  /** All members leave at once. */
  close(): Promise<void>;
};

export type Joining = { readonly name: InstanceName; readonly topics: ReadonlySet<string>; readonly options: InstanceOptions };

/** An instance, as its group knows it. */
export type Member = {
  subscribe(topics: ReadonlySet<string>): void;
  /** Resolves when its partitions are free for others. */
  leave(): Promise<void>;
};

/** What a member hears of its group. */
export type MemberListener = {
  /** It owns these from now on. */
  assigned(assignment: Assignment): void;
  /** The group is about to share out anew: the assignment is still its own until this resolves. Never rejects. */
  revoking(assignment: Assignment): Promise<void>;
  /** It owns nothing until the group has shared out. */
  revoked(): void;
  /** Why it cannot join, if a caller is to be told; it goes on trying. */
  failed(error: Error | undefined): void;
  /** Somebody else is the member of this name now. */
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
  /** Stores where the group resumes. False if it is sharing out: who owns the partitions is known only afterwards. @throws GatewayError */
  commit(offsets: readonly TopicPartitionOffset[]): Promise<boolean>;
  /** The same for offsets that nobody waits to see stored: resolves once the partitions' next owner would begin there. */
  commitInBackground(offsets: readonly TopicPartitionOffset[]): Promise<void>;
};

export type ReadRequest = {
  /** Of all that the member owns, each with a beginning; moved as records are taken. */
  readonly positions: Positions;
  readonly memory: ResponseMemory;
  readonly wait: Wait;
  /** How long to wait for a first record at most; an engine may look up earlier. */
  readonly waitMs: number;
  /** Whether the assignment is still the member's: if not, nothing may be taken any more. */
  readonly isCurrent: () => boolean;
};
