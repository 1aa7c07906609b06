import type { Outcome } from "../protocol/reply-event.ts";
import type { ReplyState, State } from "../protocol/states.ts";
import type { WebhookStatus } from "../protocol/status.ts";
import type { CorrelationId } from "./correlation-id.ts";
import type { Caller } from "./request-publisher.ts";

/** What is known of a request beyond its ID. */
export type StoredStatus = {
  readonly state: State;
  /** One more with each accepted change. */
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
  readonly operation: string | null;
  /** The HTTP status for a caller who waited: the handler's for `succeeded`, the problem's otherwise. */
  readonly httpStatus: number;
  readonly attempt: number | null;
  /** JSON text: the reply, or the problem details. It is never parsed on its way. */
  readonly body: string | null;
  /** JSON text: member `lateReply` of the status body, if a reply came after the request had expired. */
  readonly lateReply: string | null;
  /** What few requests have. */
  readonly details?: StoredDetails | undefined;
};

/** What is known of a request beside its state, as far as it has any of it. What is JSON text is never parsed on its way. */
export type StoredDetails = StoredCommit & {
  /** JSON text. */
  readonly progress?: string | undefined;
  /** JSON text: problem details. */
  readonly lastError?: string | undefined;
  /** Milliseconds since 1970. */
  readonly nextAttemptAt?: number | undefined;
  readonly chunks?: ChunkCount | undefined;
  /** A correlation ID. */
  readonly redrivenAs?: string | undefined;
  /** Never kept with the rest of it. */
  readonly webhook?: WebhookStatus | undefined;
};

/** Of a command that has a commit: where that is, as text, and how many commits with events its aggregate has then. */
export type StoredCommit = { readonly position?: string | undefined; readonly aggregateVersion?: number | undefined };

/** How much a handler has emitted. */
export type ChunkCount = {
  /** The run of the handler that has emitted them; null if none has since the request was sent again. */
  readonly execution: string | null;
  readonly count: number;
  /** Of all of them as JSON text. */
  readonly bytes: number;
  /** The last runs before that one, the newest last: what still comes of them is dropped. */
  readonly earlier: readonly string[];
};

/** Chunks that came together, and were stored as one change. */
export type StoredChunks = {
  /** That of the status from then on. */
  readonly version: number;
  readonly execution: string;
  /** The index of the first of them, from 0. */
  readonly first: number;
  /** JSON text of each. */
  readonly texts: readonly string[];
};

/** The part of a correlation ID that a store needs. */
export type StatusKey = Pick<CorrelationId, "text" | "createdAt" | "deadline" | "expiresAt" | "shard">;

/** A reply, or news of one, that is to be stored. */
export type NewReply = {
  readonly key: StatusKey;
  readonly replyId: string;
  readonly state: ReplyState;
  readonly operation: string;
  readonly httpStatus: number;
  readonly attempt: number | null;
  readonly body: string | null;
  /** What is new in state `processing`; what is absent stays as it was, except that an attempt is at work without `nextAttemptAt`. */
  readonly news?: Pick<StoredDetails, "progress" | "lastError" | "nextAttemptAt"> | undefined;
  /** There if the request ends with the commit of a command. */
  readonly commit?: StoredCommit | undefined;
  /** Chunks; the state is `processing`. */
  readonly emitted?: Omit<StoredChunks, "version"> | undefined;
};

/** `undefined`: nothing but the ID is known, the request is accepted. */
export type ReadResult = StoredStatus | "overloaded" | undefined;

/** Keeps the statuses of requests, and their replies. */
export type StatusStore = {
  readonly name: "mailbox" | "kv";
  /** What the store can do. The API claims no more. */
  readonly capabilities: {
    /** Can a call wait for the reply? */
    readonly wait: boolean;
    /** Does the first terminal reply win? Otherwise a second one overwrites it. */
    readonly duplicates: boolean;
    /** Is `processing` shown, and what a handler says and emits meanwhile? */
    readonly progress: boolean;
    /** Are replies kept that come more than a minute after the deadline? */
    readonly lateReplies: boolean;
    /** Can a request be recognised by its Idempotency-Key? */
    readonly idempotency: boolean;
  };
  /** What `Retry-After` tells a caller of a pending request. */
  readonly retryAfterSeconds: number;
  /**
   * Reads a status, waiting up to `waitMs` for a terminal one; or, for a caller who knows versions, for one that it does not know.
   * Rejects if the store cannot be reached.
   */
  read(key: StatusKey, waitMs: number, known?: readonly number[], caller?: Caller): Promise<ReadResult>;
  /** Reads what a handler has emitted, in its order: what came after a version; after 0, all. Rejects if the store cannot be reached. */
  readChunks(key: StatusKey, afterVersion: number): Promise<readonly StoredChunks[]>;
  /**
   * Marks a request as `cancelling`, unless it has ended, and resolves to its status then. Rejects if the store cannot be reached.
   * Absent: the store has no way to tell a consumer.
   */
  cancel?(key: StatusKey): Promise<StoredStatus>;
  /**
   * The webhook of a request; `replay` begins its schedule anew. `not-ended`: there is nothing to replay yet. Undefined: it has none, or it
   * is over for long. Rejects if the store cannot be reached. Absent: the store delivers no webhooks.
   */
  webhook?(key: StatusKey, act: "show" | "replay"): Promise<WebhookStatus | "not-ended" | undefined>;
  /** Stores replies; one outcome each, in their order, `retry` where the store could not. */
  write(replies: readonly NewReply[]): Promise<Outcome[]>;
};
