import type { AnyAggregate, EventData } from "../../contract/aggregate.ts";
import { DefinitionError } from "../../contract/definition-error.ts";
import type { Operation, RequestInput } from "../../contract/operation.ts";

/** A request that a policy sends: of a command, or of any operation whose reply nobody waits for. */
export type SentRequest = {
  readonly operation: Operation;
  readonly request: unknown;
  /** When it is sent, in milliseconds after the commit of its event. */
  readonly delayMs: number;
};

/**
 * Sends a request: `send(contract["account.credit"], { account, cents })`. It is checked by the operation's schema, which must be synchronous.
 * @throws DefinitionError if a responder answers the operation: it would reply to nobody
 */
export const send = <O extends Operation>(operation: O, request: RequestInput<O>): SentRequest => {
  if (operation.responder !== undefined)
    throw new DefinitionError(
      `Expected a policy to send to an operation with a handler or a decider, got ${operation.name}, which a responder answers.`,
    );
  return { operation, request, delayMs: 0 };
};

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const MAX_DELAY_MS = 366 * UNITS.d;

/** A time such as `500ms`, `30s`, `10m`, `24h` or `7d`. */
export type Duration = `${number}${keyof typeof UNITS}`;

/**
 * Sends a request later: `after("30s", send(contract["payment.time-out"], { payment }))`. It survives restarts, and is sent at least once, always under one ID.
 * @throws DefinitionError if the time is none, or over 366 days
 */
export const after = (duration: Duration, sent: SentRequest): SentRequest => {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(duration) ?? [];
  const delayMs = count === undefined ? Number.NaN : Number(count) * UNITS[unit as keyof typeof UNITS];
  if (!(delayMs <= MAX_DELAY_MS))
    throw new DefinitionError(`Expected a time such as 500ms, 30s, 10m, 24h or 7d, of 366 days at most, got ${JSON.stringify(duration)}.`);
  return { ...sent, delayMs: sent.delayMs + delayMs };
};

/** What a policy may look at beside an event's data. */
export type PolicyContext = {
  /** The ID of the aggregate. */
  readonly id: string;
  /** How many commits of the aggregate have events, with this one. */
  readonly version: number;
  /** The ID of the command that the event came of. */
  readonly command: string;
  /** When it was decided. */
  readonly at: Date;
};

/** What follows from events, as a user writes it: pure functions. From events without one, nothing follows. */
export type PolicyDefinition<A extends AnyAggregate> = {
  readonly [Name in keyof A["events"]]?: (
    data: EventData<A, Name>,
    context: PolicyContext,
  ) => SentRequest | readonly SentRequest[] | undefined;
};

/** An aggregate, and what follows from its events. */
export type Policy<A extends AnyAggregate = AnyAggregate> = { readonly aggregate: A; readonly on: PolicyDefinition<A> };

/** A policy of any aggregate, as the one that calls it sees it. */
export type AnyPolicy = {
  readonly aggregate: AnyAggregate;
  readonly on: { readonly [event: string]: ((data: never, context: PolicyContext) => unknown) | undefined };
};

/**
 * Says which requests follow from the events of an aggregate. A process over several aggregates is an aggregate that remembers how far it is, and
 * policies that carry what happens elsewhere to it, and what it has decided to others.
 * @throws DefinitionError if a function is for an event that the aggregate does not have
 */
export const policy = <A extends AnyAggregate>(aggregate: A, on: PolicyDefinition<A>): Policy<A> => {
  const unknown = Object.keys(on).filter((name) => !Object.hasOwn(aggregate.events, name));
  if (unknown.length > 0)
    throw new DefinitionError(`Expected a policy to have functions for events of its aggregate, got ${unknown.join(", ")}.`);
  return Object.freeze({ aggregate, on });
};
