import { RejoinderError } from "./errors.ts";
import { MAX_BATCH_BYTES } from "./limits.ts";
import { type Outcome, OUTCOMES } from "./reply-event.ts";
import type { TopicPartition } from "./topic-partition.ts";

/**
 * The link of a consumer to one shard of the mailbox: a WebSocket (RFC 6455) at `/link/:shard` that the consumer opens, with a JSON text in each
 * frame. The handshake is signed by the Standard Webhooks scheme, as `POST /replies` is; frames carry no signature of their own. A frame
 * `ping` is answered by `pong`, without the mailbox being woken for it.
 */
export const linkPath = (shard: number): string => `/link/${shard}`;

/** What the signature of a handshake covers in place of a body. */
export const linkHandshake = (shard: number): Uint8Array<ArrayBuffer> => new TextEncoder().encode(`GET ${linkPath(shard)}`);

/** How far the time of a handshake may be off. A link that is open stays valid. */
export const LINK_TOLERANCE_SECONDS = 60;

/**
 * The largest frame, in UTF-8: a batch of the largest size, and what frames put around it. Batches that are unanswered at the same time have
 * no more together.
 */
export const MAX_FRAME_BYTES = MAX_BATCH_BYTES + 1_024;

export const PING = "ping";
/** A consumer pings at least that often. Whoever hears nothing of the other side for several times as long may give it up. */
export const PING_EVERY_SECONDS = 30;
export const PONG = "pong";

/** Codes of a close frame (RFC 6455 §7.4.1, and the IANA registry for 1013). Its reason has at most 123 bytes. */
export const LINK_CLOSE = {
  /** The mailbox or the consumer ends or is replaced. */
  goingAway: 1001,
  /** A frame of bytes. */
  unsupported: 1003,
  /** A frame that is not what {@link readConsumerFrame} or {@link readMailboxFrame} reads. */
  invalid: 1007,
  /** The first frame was no hello, or more batches are unanswered than are allowed. */
  violation: 1008,
  tooLarge: 1009,
  failed: 1011,
  tryAgainLater: 1013,
} as const;

/**
 * Consumers open links to at most this many shards before they have replies for them, the first ones. Whether there is a consumer is known
 * only there.
 */
export const MAX_LINKED_SHARDS = 64;

/** What `instance` and `version` of a hello may have, in UTF-16 units. */
const MAX_NAME_LENGTH = 255;

/** The first frame, and only the first: who is there, and which operations it handles. */
export type HelloFrame = {
  readonly type: "hello";
  readonly instance: string;
  readonly version: string;
  readonly operations: readonly string[];
  /** The frames that it reads beside those that answer a batch: a mailbox sends no other. Absent: none. */
  readonly takes?: readonly string[];
};

/** The answer to a hello. */
export type WelcomeFrame = {
  readonly type: "welcome";
  /** The mailbox's clock, milliseconds since 1970. */
  readonly time: number;
  /** How many shards there are: `MAILBOX_SHARDS`. */
  readonly shards: number;
};

/** Requests that somebody wants to cancel: after the welcome all that have not ended, and from then on each as it comes. One may be named again. */
export type CancelFrame = { readonly type: "cancel"; readonly correlationIds: readonly string[] };

/** A question: how far is the consumer behind? Sent only when somebody looks. `ask` is a number that its answer brings back. */
export type LagRequestFrame = { readonly type: "lag"; readonly ask: number };

/** The records of a partition after the committed offset of its group. */
export type PartitionLag = TopicPartition & { readonly lag: number };

/** The answer, of at most {@link MAX_LAG_PARTITIONS} partitions. */
export type LagFrame = { readonly type: "lag"; readonly ask: number; readonly partitions: readonly PartitionLag[] };

/** Of more partitions, those are named that are the furthest behind. */
export const MAX_LAG_PARTITIONS = 100;

/** Reply events, as `POST /replies` takes them. `batch` is a number that no unanswered batch of this link has. */
export type RepliesFrame = { readonly type: "replies"; readonly batch: number; readonly replies: readonly unknown[] };

/** What became of each reply of a batch, in their order. */
export type ResultsFrame = { readonly type: "results"; readonly batch: number; readonly outcomes: readonly Outcome[] };

/** The batch can never be read, or is too large. Nothing of it was stored. */
export type RefusedFrame = {
  readonly type: "refused";
  readonly batch: number;
  readonly code: "INVALID_BATCH" | "BODY_TOO_LARGE";
  readonly reason: string;
};

export type ConsumerFrame = HelloFrame | RepliesFrame | LagFrame;
export type MailboxFrame = ResultsFrame | RefusedFrame | WelcomeFrame | CancelFrame | LagRequestFrame;

/** Reads a frame of a consumer; its reply events are not read yet. @throws RejoinderError `INVALID_BATCH`, saying what was expected */
export const readConsumerFrame = (text: string): ConsumerFrame => {
  const frame = readObject(text);
  if (frame["type"] === "hello" && isName(frame["instance"]) && isName(frame["version"]) && isList(frame["operations"], isText))
    if (frame["takes"] === undefined || isList(frame["takes"], isText)) return frame as HelloFrame;
  if (frame["type"] === "replies" && isWhole(frame["batch"]) && Array.isArray(frame["replies"])) return frame as RepliesFrame;
  if (frame["type"] === "lag" && isWhole(frame["ask"]) && isList(frame["partitions"], isPartitionLag))
    if (frame["partitions"].length <= MAX_LAG_PARTITIONS) return frame as LagFrame;
  throw invalid(
    `hello with instance, version (at most ${MAX_NAME_LENGTH}) and operations, replies with batch and replies, or lag with ask and partitions`,
  );
};

/** Reads a frame of a mailbox. @throws RejoinderError `INVALID_BATCH`, saying what was expected */
export const readMailboxFrame = (text: string): MailboxFrame => {
  const frame = readObject(text);
  if (frame["type"] === "results" && isWhole(frame["batch"]) && isList(frame["outcomes"], isOutcome)) return frame as ResultsFrame;
  if (frame["type"] === "refused" && isWhole(frame["batch"]) && isRefusal(frame["code"]) && isText(frame["reason"]))
    return frame as RefusedFrame;
  if (frame["type"] === "welcome" && isWhole(frame["time"]) && isWhole(frame["shards"])) return frame as WelcomeFrame;
  if (frame["type"] === "cancel" && isList(frame["correlationIds"], isText)) return frame as CancelFrame;
  if (frame["type"] === "lag" && isWhole(frame["ask"])) return frame as LagRequestFrame;
  throw invalid(
    "results with batch and outcomes, refused with batch, code and reason, welcome with time and shards, cancel with correlationIds, or lag with ask",
  );
};

const readObject = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw invalid("a JSON object");
};

const invalid = (expected: string): RejoinderError => new RejoinderError("INVALID_BATCH", { detail: `Expected a frame of ${expected}.` });

const isText = (value: unknown): value is string => typeof value === "string";
const isName = (value: unknown): value is string => isText(value) && value.length <= MAX_NAME_LENGTH;
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isOutcome = (value: unknown): value is Outcome => (OUTCOMES as readonly unknown[]).includes(value);
const isPartitionLag = (value: unknown): value is PartitionLag => {
  if (typeof value !== "object" || value === null) return false;
  const { topic, partition, lag } = value as Record<string, unknown>;
  return isName(topic) && isWhole(partition) && isWhole(lag);
};
const isRefusal = (value: unknown): value is RefusedFrame["code"] => value === "INVALID_BATCH" || value === "BODY_TOO_LARGE";
const isList = <Element>(value: unknown, isElement: (element: unknown) => element is Element): value is readonly Element[] =>
  Array.isArray(value) && value.every(isElement);
