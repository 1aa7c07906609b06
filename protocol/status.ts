import type { Problem } from "./problem.ts";
import type { State, TerminalState } from "./states.ts";

/** The body of `GET /status/:correlationId` and of every 202. Times are RFC 3339. */
export type StatusBody = {
  readonly correlationId: string;
  /** Absent while only the ID is known. */
  readonly operation?: string;
  readonly state: State;
  /** 0 while accepted, and one more with each change. */
  readonly version: number;
  readonly acceptedAt: string;
  /** When the state changed last. */
  readonly updatedAt: string;
  readonly deadline: string;
  /** Until when this can be read; 410 after that. */
  readonly expiresAt: string;
  /** Which attempt at handling this is, from 1. Absent if the consumer does not say it. */
  readonly attempt?: number;
  /** Why the attempt before this one failed. */
  readonly lastError?: Problem;
  /** When the next attempt begins. There between two attempts. */
  readonly nextAttemptAt?: string;
  /** How far the handler is, as the operation's `progress` schema has it. */
  readonly progress?: unknown;
  /**
   * What the handler has emitted, in its order, as the operation's `chunk` schema has it. There if there is any, in responses to
   * `GET /status/:correlationId` alone, but for its event stream.
   */
  readonly chunks?: readonly unknown[];
  /** How many chunks are left out of `chunks`, as the caller asked by `?chunks-from=`; fewer if there are fewer. Absent: none. */
  readonly chunksFrom?: number;
  /** The correlation ID of the request that was sent in its place, after its deadline: see `causationId` there. */
  readonly redrivenAs?: string;
  /** There if the caller asked for a webhook, in responses to `GET /status/:correlationId` alone. */
  readonly webhook?: WebhookStatus;
  /** Of a command that has ended with a commit: where that is, see `protocol/position.ts`. */
  readonly position?: string;
  /** Of a command that has ended with a commit: how many commits with events its aggregate has then. */
  readonly aggregateVersion?: number;
  /** There in state `succeeded`. */
  readonly reply?: unknown;
  /** There in states `failed`, `cancelled` and `expired`. */
  readonly error?: Problem;
  /** There in state `expired`, if a reply came after the request had expired: the first one. The state does not change any more. */
  readonly lateReply?: LateReply;
};

/** What has become of the webhook that tells of a request's end. */
export type WebhookStatus = {
  /** `pending` also before the request has ended; `disabled`: the receiver answered 410, and gets no more. */
  readonly state: "pending" | "delivered" | "failed" | "disabled";
  readonly attempts: number;
  /** The HTTP status of the last attempt, if there was an answer. */
  readonly lastStatus?: number;
  /** Why the last attempt was no success, in a sentence. */
  readonly lastError?: string;
  /** RFC 3339 */
  readonly nextAttemptAt?: string;
};

/** A reply that came too late, as it would have ended the request. */
export type LateReply = {
  readonly state: Exclude<TerminalState, "expired">;
  /** RFC 3339 */
  readonly receivedAt: string;
  /** As in the status. */
  readonly position?: string;
  readonly aggregateVersion?: number;
  /** There in state `succeeded`. */
  readonly reply?: unknown;
  /** There in state `failed`, and in `cancelled` if there is more to say. */
  readonly error?: Problem;
};
