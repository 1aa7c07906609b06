import type { TopicPartition } from "../../protocol/topic-partition.ts";

/**
 * What became of a request: `replied`, also with an error that its handler threw as its answer; `failed` without one, as by a contract of another
 * version; `retried`, which happens once for each attempt but the last; `dead-lettered` after the last; `left` to whoever consumes the partition next.
 */
export const REQUEST_OUTCOMES = ["replied", "failed", "retried", "dead-lettered", "cancelled", "expired", "left"] as const;
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];

/** What is read when somebody asks. */
export type Reading = {
  /** Records that were taken and are not finished. */
  readonly inFlight?: () => number;
  /** Links to the mailbox: how many are open, and how many should be. */
  readonly links?: () => { readonly open: number; readonly wanted: number };
};

/** Told by the parts of a consumer what they do, so that somebody can count it. Nothing that it does reaches back. */
export type ConsumerObserver = {
  /** The handler of a request begins. @returns what to call when it has really ended */
  handling(request: { readonly operation: string; readonly acceptedAt: number }): () => void;
  /** Something became of a request. */
  handled(operation: string, outcome: RequestOutcome): void;
  /** A record was published as a dead letter. @param topic of the record */
  deadLettered(topic: string): void;
  /** A reply, or news of one, is where it belongs. @param reply `time`: when it was made, milliseconds since 1970 */
  delivered(reply: { readonly time: number }): void;
  /** Something was sent to the Worker, or a link was tried: whether somebody was there. */
  workerReached(isThere: boolean): void;
  /** A partition was read up to `next`, and ends at `end`. */
  read(position: TopicPartition & { readonly next: number; readonly end: number }): void;
  /** Partitions go to other members. */
  revoked(partitions: readonly TopicPartition[]): void;
  /** A step of a handler that is to run once: whether it ran, or its result was known. */
  stepped(operation: string, outcome: "run" | "known"): void;
  /** Asks these whenever somebody looks, beside those that it has already. */
  watch(reading: Reading): void;
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
  revoked: nothing,
  stepped: nothing,
  watch: nothing,
};
