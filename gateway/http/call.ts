import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { MAX_RECORD_BYTES } from "../../protocol/limits.ts";
import type { Credential, Scope } from "../credentials.ts";
import type { AnswerRoom, Engine } from "../engine.ts";
import type { Metrics } from "../metrics.ts";
import type { Query } from "./target.ts";

/** A request that may be answered: authenticated, and read. */
export type Call = {
  readonly engine: Engine;
  readonly metrics: Metrics;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly credential: Credential;
  /** The decoded segments of the path, after the first. */
  readonly path: readonly string[];
  readonly query: Query;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: IncomingMessage["rawHeaders"];
  /** The JSON of the body, or its text if the route says so; undefined if it is empty. */
  readonly body: unknown;
  /** How many bytes the body had. */
  readonly bodyBytes: number;
  /** Where the records of the answer find room until the client has them. */
  readonly room: AnswerRoom;
  /** Aborted when the connection closes before the answer was written. */
  readonly signal: () => AbortSignal;
};

export type Answer = {
  /** What is written as JSON; with a content type, text that is written as it is. */
  readonly body: unknown;
  readonly contentType?: string;
  /** Called once: whether the answer was written. */
  readonly settle?: (written: boolean) => void;
};

/** One route of the dialect. */
export type Route = {
  readonly methods: readonly string[];
  /** What the user must be allowed to do; undefined: any user. */
  readonly scope: Exclude<Scope, "full"> | undefined;
  /** How many segments may follow the route's name. */
  readonly segments: readonly [least: number, most: number];
  /** Whether it may wait for records. */
  readonly waits?: true;
  /** What the body is. Absent: JSON. */
  readonly bodyIs?: "text";
  /** Whether `user` and `pass` of the query may stand in for an Authorization header. */
  readonly credentialsInQuery?: true;
  handle(call: Call): Promise<Answer>;
};

/** How much one call may carry, and one answer. */
export const LIMITS = {
  /** Of the path and the headers: Node's own limit. */
  headBytes: 16 * 1024,
  bodyBytes: 8 * 1024 * 1024,
  recordBytes: MAX_RECORD_BYTES,
  /** Elements of an array in a body, such as records: what one transaction writes while everybody else waits. */
  bodyElements: 10_000,
  /** Bounds one answer: what a client must hold at once. */
  answerRecords: 500,
  answerBytes: 4 * 1024 * 1024,
  /** Longer than any client waits; shorter than forgetting that it waits. */
  waitMs: 600_000,
} as const;
