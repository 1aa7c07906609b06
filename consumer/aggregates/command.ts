import type { ConsumerRecord } from "../../protocol/kafka-record.ts";
import type { IncomingRequest } from "../reading.ts";
import type { CommandAnswer } from "../../protocol/commit-record.ts";

/** A command that is to be decided. */
export type AggregateCommand = {
  /** Of the aggregate. */
  readonly id: string;
  /** Of the command: the correlation ID of its request. */
  readonly command: string;
  /** Its name in the aggregate. */
  readonly name: string;
  /** The request, as its schema has made it. */
  readonly request: unknown;
  /** See `RequestEvent`. */
  readonly expectedVersion?: number | undefined;
};

/** What came of a command, and where its commit is. */
export type CommandResult = {
  readonly answer: CommandAnswer;
  /** See `protocol/position.ts`. */
  readonly position: string;
  /** How many commits with events the aggregate has with that one. */
  readonly aggregateVersion: number;
};

/** Decides the commands of a contract's aggregates. */
export type CommandDecider = {
  /** The operations that are commands. */
  readonly operations: readonly string[];
  /**
   * @param value the request's data, as its schema has made it
   * @throws UnavailableError if it cannot be done now; RefusedCommandError if never; what the decider throws; what the signal aborts with, unless a
   * commit may be stored already
   */
  decide(of: {
    readonly request: Pick<IncomingRequest, "correlationId" | "operation" | "expectedVersion">;
    readonly value: unknown;
    readonly record: Pick<ConsumerRecord, "topic" | "partition">;
    readonly signal: AbortSignal;
  }): Promise<CommandResult>;
};

/** A command was not decided: its aggregates cannot be used now. Later they may. */
export class UnavailableError extends Error {
  override readonly name = "UnavailableError";
  /** It is tried again until its deadline: this passes by itself, or a commit of it may be stored. Otherwise somebody must mend something first. */
  readonly untilDeadline: boolean;

  constructor(message: string, { untilDeadline = true }: { readonly untilDeadline?: boolean } = {}) {
    super(message);
    this.untilDeadline = untilDeadline;
  }
}

/** A command cannot be decided, now or later. */
export class RefusedCommandError extends Error {
  override readonly name = "RefusedCommandError";
  /** `INVALID_RECORD`: its record is not where it belongs. `COMMIT_REJECTED`: what it does is more than a record takes. */
  readonly code: "INVALID_RECORD" | "COMMIT_REJECTED";

  constructor(code: RefusedCommandError["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
