import type { AnyAggregate, EventData, EventOf } from "../../contract/aggregate.ts";
import { DefinitionError } from "../../contract/definition-error.ts";
import type { ErrorDefinitions, OperationDefinition, ReplyInput, RequestOf } from "../../contract/operation.ts";
import type { HandlerContext } from "../handler.ts";

/** What a decision may look at beside the command and the state. All of it is an argument, so the same command on the same state decides the same. */
export type DecisionContext<Errors extends ErrorDefinitions = ErrorDefinitions> = {
  /** The ID of the aggregate. */
  readonly id: string;
  /** How many commits with events it has: 0 before the first. */
  readonly version: number;
  /** The ID of the command. */
  readonly command: string;
  /** When it is decided. */
  readonly at: Date;
  /** The errors that the contract lists for the command, by code: `throw errors.TOO_LITTLE_MONEY({ balance })` refuses it. */
  readonly errors: HandlerContext<{ errors: Errors; progress: undefined; chunk: undefined }>["errors"];
};

/** What a command does, and what its caller gets. */
export type Decision<A extends AnyAggregate, Reply> = {
  /** What happened, in order; perhaps nothing. All of it is stored, or none. */
  readonly events: readonly EventOf<A>[];
  readonly reply: Reply;
};

type ErrorsOf<D extends OperationDefinition> = [Exclude<D["errors"], undefined>] extends [never] ? {} : Exclude<D["errors"], undefined>;

/** How an aggregate behaves, as a user writes it: pure functions. Each event and each command of the aggregate has one. */
export type DeciderDefinition<A extends AnyAggregate, State> = {
  /** The state of an aggregate to which nothing has happened yet. States are JSON. */
  readonly initial: State;
  /** The state after an event. It returns a new one, and changes nothing. */
  readonly evolve: { readonly [Name in keyof A["events"]]: (state: NoInfer<State>, data: EventData<A, Name>) => NoInfer<State> };
  /** What a command does to an aggregate in that state. It throws an error of the contract to refuse it. */
  readonly decide: {
    readonly [Name in keyof A["commands"]]: (
      request: RequestOf<A["commands"][Name]>,
      state: NoInfer<State>,
      context: DecisionContext<ErrorsOf<A["commands"][Name]>>,
    ) => Decision<A, ReplyInput<A["commands"][Name]>>;
  };
};

/** An aggregate and its behaviour. */
export type Decider<A extends AnyAggregate, State> = DeciderDefinition<A, State> & { readonly aggregate: A };

/** A decider of any aggregate, as the one that calls it sees it. */
export type AnyDecider = {
  readonly aggregate: AnyAggregate;
  readonly initial: unknown;
  readonly evolve: object;
  readonly decide: object;
};

/**
 * Says how an aggregate of the contract behaves. An event or a command without a function does not compile.
 * @throws DefinitionError if a function is missing, or is for something that the aggregate does not have
 */
export const decider = <A extends AnyAggregate, State>(
  aggregate: A,
  { initial, evolve, decide }: DeciderDefinition<A, State>,
): Decider<A, State> => {
  checkFunctions("evolve", "event", Object.keys(aggregate.events), evolve);
  checkFunctions("decide", "command", Object.keys(aggregate.commands), decide);
  return Object.freeze({ aggregate, initial: deepFrozen(initial), evolve, decide });
};

const checkFunctions = (member: string, what: string, names: readonly string[], functions: object): void => {
  const missing = names.filter((name) => typeof (Object.hasOwn(functions, name) && functions[name as never]) !== "function");
  const unknown = Object.keys(functions).filter((name) => !names.includes(name));
  if (missing.length > 0)
    throw new DefinitionError(`Expected ${member} to have a function for each ${what}, and none for ${missing.join(", ")}.`);
  if (unknown.length > 0)
    throw new DefinitionError(`Expected ${member} to have functions for ${what}s of the aggregate, got ${unknown.join(", ")}.`);
};

/** All aggregates begin with the same value: whoever changes it gets a TypeError. */
const deepFrozen = <Value>(value: Value): Value => {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFrozen(member);
  }
  return value;
};
