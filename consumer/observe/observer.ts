import type { PolicyFigures } from "../policies/policy-partition.ts";
import type { TopicPartition, TopicPartitionOffset } from "../../protocol/topic-partition.ts";

/**
 * What became of a request: `replied`, also with an error that its handler threw as its answer; `failed` without one, as by a contract of another
 * version; `retried`, which happens once for each attempt but the last; `dead-lettered` after the last; `left` to whoever consumes the partition next.
 */
export const REQUEST_OUTCOMES = ["replied", "failed", "retried", "dead-lettered", "cancelled", "expired", "left"] as const;
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];

/** How far a view is in one partition. `lag`: commits of the partition that it does not have. `unshipped`: those of its own that the edge does not have. */
export type ViewProgress = {
  readonly view: string;
  readonly version: number;
  readonly partition: number;
  readonly state: (typeof VIEW_STATES)[number];
  readonly lag: number;
  readonly unshipped: number;
};
export const VIEW_STATES = ["live", "catching-up", "paused"] as const;

/** What is read when somebody asks. */
export type Watched = {
  /** Records that were taken and are not finished. */
  readonly inFlight?: () => number;
  /** Links to the mailbox: how many are open, and how many should be. */
  readonly links?: () => { readonly open: number; readonly wanted: number };
  /** The partitions whose events policies follow, each with what waits for its time. */
  readonly policies?: () => readonly PolicyFigures[];
  /** The partitions of events that this process reads for its deciders. */
  readonly partitions?: () => readonly PartitionFigures[];
  /** The views of the partitions that this process has. */
  readonly views?: () => readonly ViewProgress[];
};

/** A partition of events, as it is read here. */
export type PartitionFigures = TopicPartition & {
  /** `reading`: it catches up. `paused`: it cannot be used until somebody mends something. */
  readonly state: (typeof PARTITION_STATES)[number];
  /** The records that are not read yet. */
  readonly behind: number;
};
export const PARTITION_STATES = ["reading", "ready", "paused"] as const;

/** Told by the parts of a consumer what they do, so that somebody can count it. Nothing that it does reaches back. */
export type ConsumerObserver = {
  /** The handler of a request begins. @param ageMs since the request was accepted @returns what to call when it has really ended */
  handling(operation: string, ageMs: number): () => void;
  /** Something became of a request. */
  handled(operation: string, outcome: RequestOutcome): void;
  /** A record was published as a dead letter. @param topic of the record */
  deadLettered(topic: string): void;
  /** A reply, or news of one, is where it belongs. @param lagMs since it was made */
  delivered(lagMs: number): void;
  /** Something was sent to the Worker, or a link was tried: whether somebody was there. */
  workerReached(isThere: boolean): void;
  /** A partition was read from `offset` on, and ends at `end`. */
  read(position: TopicPartitionOffset & { readonly end: number }): void;
  /** These are the offsets to read next, as the group has them. */
  committed(positions: readonly TopicPartitionOffset[]): void;
  /** Partitions go to other members. */
  revoked(partitions: readonly TopicPartition[]): void;
  /** A step of a handler that is to run once: whether it ran, or its result was known. */
  stepped(outcome: "run" | "known"): void;
  /** Requests that follow from events were sent, or it was too late for that. */
  followed(outcome: "sent" | "expired", count: number): void;
  /** Commits of commands were appended: so many count, and so many are void, since somebody else was faster. */
  committedEvents(aggregate: string, counted: number, voided: number): void;
  /** Events of commits that count were read. */
  foldedEvents(aggregate: string, events: number): void;
  /** Asks these whenever somebody looks, beside those that it has already. */
  watch(watched: Watched): void;
};

const nothing = (): void => {};

/** For whoever is not observed. */
export const SILENT_OBSERVER: ConsumerObserver = {
  handling: () => nothing,
  handled: nothing,
  deadLettered: nothing,
  delivered: nothing,
  workerReached: nothing,
  read: nothing,
  committed: nothing,
  revoked: nothing,
  stepped: nothing,
  followed: nothing,
  committedEvents: nothing,
  foldedEvents: nothing,
  watch: nothing,
};
