import { deepStrictEqual } from "node:assert";
import type { AnyAggregate, EventOf } from "../../contract/aggregate.ts";
import type { ReplyOf, RequestInput } from "../../contract/operation.ts";
import { decodeCommit, encodeCommit, type Commit } from "../../protocol/commit-record.ts";
import { type AggregateRuntime, type AggregateState, createAggregateRuntime, type Decided } from "./aggregate-runtime.ts";
import type { Decider } from "./decider.ts";
import { check, createEventCodec, UNSEALED } from "./event-reader.ts";

/** A command of an aggregate, as a caller sends it. */
export type CommandOf<A extends AnyAggregate> = {
  [Name in keyof A["commands"] & string]: { readonly type: Name; readonly data: RequestInput<A["commands"][Name]> };
}[keyof A["commands"] & string];

/** That a command is refused: the code of the error, and its data if that matters. */
export type Refusal<A extends AnyAggregate> = {
  readonly error: { [Name in keyof A["commands"]]: keyof Exclude<A["commands"][Name]["errors"], undefined> & string }[keyof A["commands"]];
  readonly data?: unknown;
};

/** What a command came to. Each check throws an AssertionError that shows the difference. */
export type Outcome<A extends AnyAggregate, State> = {
  /** Exactly these events happened, or none if it was refused with that error. */
  then(...expected: readonly EventOf<A>[] | readonly [Refusal<A>]): void;
  /** Nothing happened, and it was not refused. */
  thenNothing(): void;
  /** The caller gets that reply. */
  thenReply(reply: ReplyOf<A["commands"][keyof A["commands"]]>): void;
  /** The state is that now. */
  thenState(state: State): void;
};

/** An aggregate with a history. */
export type Given<A extends AnyAggregate, State> = {
  /** @param at when the command is decided. Default: 1970-01-01T00:00:00Z */
  when(command: CommandOf<A>, at?: Date): Outcome<A, State>;
  thenState(state: State): void;
};

const NAME = "aggregate";
const ID = "given";

/**
 * Tests a decider without any infrastructure:
 *
 *     given(account, { type: "credited", data: { cents: 5 } })
 *       .when({ type: "debit", data: { account: "ada", cents: 3 } })
 *       .then({ type: "debited", data: { cents: 3 } });
 *
 * Events go through the records of commits, as in Kafka, and everything is done twice.
 * @param history what has happened before, oldest first, each in a commit of its own
 * @throws Error if a second fold or decision has another result, a state is changed in place, or a state is no JSON
 * @throws TypeError if an event or a request does not fit its schema
 */
export const given = <A extends AnyAggregate, State>(decider: Decider<A, State>, ...history: readonly EventOf<A>[]): Given<A, State> => {
  const { aggregate } = decider;
  const watched = { ...decider, evolve: withoutChanges(decider.evolve) } as Decider<A, State>;
  const codec = createEventCodec(NAME, aggregate, UNSEALED);
  let made = 0;
  const runtime = createAggregateRuntime(NAME, watched, { createId: () => `commit-${made}`, personal: UNSEALED });

  const afterHistory = (id: string): AggregateState<State> =>
    history.reduce((current, { type, data }, index) => {
      const event = { specversion: "1.0", id: `given-${index}/0`, source: NAME, subject: id, ...codec.write(type, data) } as const;
      return folded(runtime, current, {
        key: id,
        commit: `given-${index}`,
        after: current.last,
        command: `given-${index}`,
        events: [event],
      });
    }, runtime.initial(id));

  return {
    when({ type, data }, at = new Date(0)) {
      const definition = aggregate.commands[type];
      if (definition === undefined) throw new TypeError(`Expected a command of the aggregate, got ${JSON.stringify(type)}.`);
      const { value: request, fault } = check(definition.request, data, () => `command ${type}`);
      if (fault !== undefined) throw new TypeError(`Expected the request of command ${type} to fit its schema. ${fault}`);
      const before = afterHistory(aggregate.id(request as never));
      made += 1;
      const decide = (): Decided<State> => runtime.decide(before, { command: `when-${made}`, name: type, request, at });
      const decided = decide();
      expectSame(decide(), decided, `decide.${type} to decide the same when it is called again`);
      if (decided.kind === "repeat") throw new Error("Expected a command that was not decided yet.");
      const { commit, answer } = decided;
      const next = folded(runtime, before, commit);
      expectSame(decided.next, next, "the state that is read to be the state that was decided");
      const expectEvents = (expected: readonly EventOf<A>[]): void => {
        if (answer.error !== undefined)
          throw new Error(`Expected events, got error ${String(answer.error["code"])}: ${String(answer.error["detail"])}`);
        const events = commit.events.map((event) => ({ type: event.type.slice(NAME.length + 1), data: event.data }));
        deepStrictEqual(events, JSON.parse(JSON.stringify(expected)));
      };
      return {
        // oxlint-disable-next-line unicorn/no-thenable -- the field's own word, and nobody awaits it
        then(...expected) {
          const [first] = expected;
          if (first !== undefined && "error" in first) expectRefusal(first, answer.error);
          else expectEvents(expected as readonly EventOf<A>[]);
        },
        thenNothing: () => expectEvents([]),
        thenReply: (reply) => deepStrictEqual(answer, { reply }),
        thenState: (state) => deepStrictEqual(next.state, state),
      };
    },
    thenState: (state) => deepStrictEqual(afterHistory(ID).state, state),
  };
};

const expectRefusal = (
  { error, ...rest }: { readonly error: string; readonly data?: unknown },
  problem: Readonly<Record<string, unknown>> | undefined,
): void => {
  if (problem === undefined) throw new Error(`Expected error ${error}, but the command was not refused.`);
  deepStrictEqual({ error: problem["code"], ...("data" in rest ? { data: problem["data"] } : {}) }, { error, ...rest });
};

/** The state after a commit that is written as a record and read again, twice. */
const folded = <State>(runtime: AggregateRuntime<State>, current: AggregateState<State>, commit: Commit): AggregateState<State> => {
  const stored = encodeCommit(commit);
  const fold = (): AggregateState<State> => {
    const next = runtime.fold(current, decodeCommit(stored));
    if (next === undefined) throw new Error("Expected a commit that counts.");
    return next;
  };
  const next = fold();
  expectSame(fold(), next, "evolve to have the same result when events are folded again");
  expectSame(JSON.parse(JSON.stringify(next.state ?? null)), next.state ?? null, "the state to be JSON");
  return next;
};

/** Functions that find out if one of them changes the state that it was given. */
const withoutChanges = (evolve: object): object =>
  Object.fromEntries(
    Object.entries(evolve as Readonly<Record<string, (state: unknown, data: unknown) => unknown>>).map(([name, apply]) => [
      name,
      (state: unknown, data: unknown): unknown => {
        const before = structuredClone(state);
        const next = apply(state, data);
        expectSame(state, before, `evolve.${name} to return a new state and leave the old one as it was`);
        return next;
      },
    ]),
  );

/** @throws Error with the difference */
export const expectSame = (actual: unknown, expected: unknown, what: string): void => {
  try {
    deepStrictEqual(actual, expected);
  } catch (cause) {
    throw new Error(`Expected ${what}. ${(cause as Error).message}`, { cause });
  }
};
