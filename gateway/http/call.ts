import type { IncomingHttpHeaders } from "node:http";
import type { Credential, Scope } from "../credentials.ts";
import type { Engine } from "../engine.ts";

/** A request that may be answered: authenticated, and read. */
export type Call = {
  readonly engine: Engine;
  readonly credential: Credential;
  /** The decoded segments of the path, after the first. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The JSON of the body; undefined if it is empty. */
  readonly body: unknown;
  /** Aborted when the connection closes before the answer was written. */
  readonly signal: () => AbortSignal;
};

export type Answer = {
  /** What is written as JSON. */
  readonly body: unknown;
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
  handle(call: Call): Promise<Answer>;
};

/** How much one call may carry, and one answer. */
export const LIMITS = {
  bodyBytes: 8 * 1024 * 1024,
  recordBytes: 1024 * 1024,
  /** Bounds one answer: what a client must hold at once. */
  answerRecords: 500,
  answerBytes: 4 * 1024 * 1024,
  /** Longer than any client waits; shorter than forgetting that it waits. */
  waitMs: 600_000,
} as const;
