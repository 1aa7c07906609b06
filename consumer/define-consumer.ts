import { type AggregatesOf, type Contract, type ContractParts, partsOf, type ViewsOf } from "../contract/contract.ts";
import { DefinitionError } from "../contract/definition-error.ts";
import type { AnyAggregate } from "../contract/aggregate.ts";
import type { AnyView } from "../contract/view.ts";
import type { Telemetry } from "../protocol/tracing.ts";
import type { AnyDecider } from "./deciders/decider.ts";
import type { AnyHandlers, Handlers } from "./handler.ts";
import type { OnceStore } from "./once/store.ts";
import type { AnyPolicy } from "./policies/policy.ts";
import type { AnyProjection, Projection } from "./views/projection.ts";

/** A consumer as an application defines it: a contract, and all that happens by it. */
export type ConsumerDefinition<C extends Contract = Contract> = {
  readonly contract: C;
  readonly handlers: AnyHandlers;
  /** By the names of the aggregates; one of each. */
  readonly deciders?: { readonly [aggregate: string]: AnyDecider };
  /** By the names of the views; one of each. */
  readonly projections?: { readonly [view: string]: AnyProjection };
  /** By names of their own. */
  readonly policies?: { readonly [name: string]: AnyPolicy };
  /** `{ context, trace }` of `@opentelemetry/api`: handlers run in spans that are made with them. Absent: there are none. */
  readonly telemetry?: Telemetry | undefined;
  /** Keeps the results of steps. Undefined: a file of SQLite does. */
  readonly once?: OnceStore | undefined;
};

type DecidersOf<C> = {
  readonly [Name in keyof AggregatesOf<C>]: AggregatesOf<C>[Name] extends infer A extends AnyAggregate
    ? AnyDecider & { readonly aggregate: A }
    : never;
};
type ProjectionsOf<C> = { readonly [Name in keyof ViewsOf<C>]: ViewsOf<C>[Name] extends infer V extends AnyView ? Projection<V> : never };

/** Required where the contract has such parts. */
type Behaviours<C> = ([keyof AggregatesOf<C>] extends [never] ? { readonly deciders?: {} } : { readonly deciders: DecidersOf<C> }) &
  ([keyof ViewsOf<C>] extends [never] ? { readonly projections?: {} } : { readonly projections: ProjectionsOf<C> });

/**
 * Defines a consumer. Importing the definition has no effect: the command `rejoinder consumer` runs it.
 * @throws DefinitionError if an operation has no handler, an aggregate no decider or a view no projection, or one of these is for something else
 */
export const defineConsumer = <const C extends Contract, Given extends readonly unknown[] = []>(
  definition: {
    readonly contract: C;
    readonly handlers: Handlers<C, Given>;
    /** What follows from events, by names of your own that stay: the IDs of what is sent are made of them. */
    readonly policies?: { readonly [name: string]: AnyPolicy };
    /** Where the results of steps are kept that handlers do by `once`, such as `postgresOnce({ pool })`. Default: a file of SQLite in CONSUMER_DATA_DIR. */
    readonly once?: OnceStore<Given>;
    readonly telemetry?: Telemetry;
  } & Behaviours<C>,
): ConsumerDefinition<C> => {
  const { contract, handlers, policies = {}, once, telemetry } = definition;
  const { deciders = {}, projections = {} } = definition as Partial<Pick<ConsumerDefinition, "deciders" | "projections">>;
  const parts = partsOf(contract);
  checkHandlers(contract, parts, handlers);
  const aggregates = new Set(parts.aggregates.values());
  for (const [name, aggregate] of parts.aggregates) expectFor("decider", "aggregate", name, deciders[name]?.aggregate === aggregate);
  for (const name of parts.views.keys()) expectFor("projection", "view", name, typeof projections[name]?.on === "object");
  expectNoOther("decider", "aggregate", Object.keys(deciders), parts.aggregates);
  expectNoOther("projection", "view", Object.keys(projections), parts.views);
  for (const [name, { aggregate }] of Object.entries(policies))
    if (!aggregates.has(aggregate))
      throw new DefinitionError(`Expected policy ${JSON.stringify(name)} to be of an aggregate of the contract, got another one.`);
  return Object.freeze({
    contract,
    handlers: handlers as AnyHandlers,
    deciders,
    projections,
    policies,
    once: once as OnceStore | undefined,
    telemetry,
  });
};

const checkHandlers = (contract: Contract, { aggregates }: ContractParts, handlers: object): void => {
  const isCommand = (name: string): boolean => aggregates.has(name.split(".", 1)[0] as string) && name.includes(".");
  const handled = Object.values(contract).flatMap(({ name, responder }) => (responder === undefined && !isCommand(name) ? [name] : []));
  for (const name of handled) {
    if (!Object.hasOwn(handlers, name) || typeof handlers[name as keyof typeof handlers] !== "function")
      throw new DefinitionError(`Expected a handler for operation ${JSON.stringify(name)}. Add a function of that name to handlers.`);
  }
  for (const name of Object.keys(handlers)) {
    if (handled.includes(name)) continue;
    const why = isCommand(name)
      ? "the decider of its aggregate answers that command"
      : Object.hasOwn(contract, name)
        ? "a responder answers that operation"
        : "the contract has no such operation";
    throw new DefinitionError(
      `Expected no handler ${JSON.stringify(name)}: ${why}. The operations with handlers are ${handled.join(", ")}.`,
    );
  }
};

const expectFor = (what: string, part: string, name: string, holds: boolean): void => {
  if (!holds)
    throw new DefinitionError(
      `Expected a ${what} of ${part} ${JSON.stringify(name)}. Add one of that name to ${what}s, made by ${what}() with that ${part}.`,
    );
};

const expectNoOther = (what: string, part: string, names: readonly string[], known: ReadonlyMap<string, unknown>): void => {
  const other = names.find((name) => !known.has(name));
  if (other !== undefined)
    throw new DefinitionError(
      `Expected no ${what} ${JSON.stringify(other)}: the contract has no such ${part}, but ${[...known.keys()].join(", ")}.`,
    );
};
