import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { MAX_RECORD_BYTES } from "../../protocol/limits.ts";
import type { Credential, Scope } from "../credentials.ts";
import type { Engine, ResponseMemory } from "../engine.ts";
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
  /** Holds the records of the response until the client has them. */
  readonly memory: ResponseMemory;
  /** Aborted when the connection closes before the response was written. */
  readonly signal: () => AbortSignal;
};

/** What a route answers a call with. */
export type RouteResponse = {
  /** Written as JSON; with a content type, text that is written as it is. */
  readonly body: unknown;
  readonly contentType?: string;
  /** Called once: whether the response was written. */
  readonly settle?: (written: boolean) => void;
};

/** One route of the API. */
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
  /** Whether `user` and `pass` in the query may replace an Authorization header. */
  readonly credentialsInQuery?: true;
  handle(call: Call): Promise<RouteResponse>;
};

/** How much one call may carry, and one response. */
export const LIMITS = {
  /** The path and the headers together: Node's own limit. */
  headBytes: 16 * 1024,
  bodyBytes: 8 * 1024 * 1024,
  recordBytes: MAX_RECORD_BYTES,
  /** Elements of an array in a body, such as records. One transaction writes them while everybody else waits. */
  bodyElements: 10_000,
  /** One response, which a client must hold at once. */
  responseRecords: 500,
  responseBytes: 4 * 1024 * 1024,
  /** Longer than any client waits, and short enough that none is forgotten. */
  waitMs: 600_000,
} as const;
