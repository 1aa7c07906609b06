import { type AnyAggregate, eventTopicOf, isAggregate, operationsOfAggregate } from "./aggregate.ts";
import { DefinitionError } from "./definition-error.ts";
import { completeOperation, type Operation, type OperationDefinition, type OperationDescription } from "./operation.ts";
import { retryTopicOf } from "../protocol/topics.ts";
import type { JsonSchema } from "./schema.ts";
import type { Responder } from "./responder.ts";
import { type AnyView, completeView, isView, type View } from "./view.ts";

/** Operations by name, as the Worker, the consumer and the clients take them. */
export type Contract = { readonly [name: string]: Operation };

/** What {@link defineContract} takes: operations, aggregates and views by key. */
type Definitions = { readonly [key: string]: OperationDefinition | AnyAggregate | AnyView };

/** What a field is if it is given, else something else. */
type Given<Field, Else> = [Exclude<Field, undefined>] extends [never] ? Else : Exclude<Field, undefined>;
type NameOf<D extends OperationDefinition, Key extends string> = string extends D["name"] ? Key : Given<D["name"], Key>;

type OperationOf<D extends OperationDefinition, Name extends string> = Operation<
  Name,
  D["request"],
  D["reply"],
  Given<D["errors"], {}>,
  Given<D["responder"], undefined>,
  Given<D["progress"], undefined>,
  Given<D["chunk"], undefined>
>;

/** The keys of the aggregates among definitions. */
type AggregateKey<Ds extends Definitions> = { [Key in keyof Ds & string]: Ds[Key] extends AnyAggregate ? Key : never }[keyof Ds & string];

type OperationsOf<Ds extends Definitions> = {
  readonly [
    Key in keyof Ds & string as Ds[Key] extends OperationDefinition ? NameOf<Ds[Key], Key> : never
  ]: Ds[Key] extends OperationDefinition ? OperationOf<Ds[Key], NameOf<Ds[Key], Key>> : never;
};

/** The commands of an aggregate as operations: `<aggregate>.<command>`. */
type CommandsOf<A, Key extends string> = A extends AnyAggregate
  ? {
      readonly [Command in keyof A["commands"] & string as `${Key}.${Command}`]: OperationOf<A["commands"][Command], `${Key}.${Command}`>;
    }
  : never;

type Intersection<Union> = (Union extends unknown ? (each: Union) => void : never) extends (all: infer All) => void ? All : never;
type AllCommandsOf<Ds extends Definitions> = Intersection<{ [Key in AggregateKey<Ds>]: CommandsOf<Ds[Key], Key> }[AggregateKey<Ds>]>;

type ViewKey<Ds extends Definitions> = { [Key in keyof Ds & string]: Ds[Key] extends AnyView ? Key : never }[keyof Ds & string];

/** The member that tells, to the compiler alone, of which aggregates and views a contract is made. */
declare const PARTS: unique symbol;
/** What a contract is made of beside operations. It has a name, by which the declarations of modules with contracts refer to it. */
export type PartsBeside<Aggregates, Views> = { readonly [PARTS]?: { readonly aggregates: Aggregates; readonly views: Views } };
type PartsOf<Ds extends Definitions> = [AggregateKey<Ds> | ViewKey<Ds>] extends [never]
  ? unknown
  : PartsBeside<Pick<Ds, AggregateKey<Ds>>, Pick<Ds, ViewKey<Ds>>>;

/** The aggregates of a contract, by name, as they were defined. */
export type AggregatesOf<C> = C extends { readonly [PARTS]?: { readonly aggregates: infer As } } ? As : {};
/** The views of a contract, by name, as they were defined. */
export type ViewsOf<C> = C extends { readonly [PARTS]?: { readonly views: infer Vs } } ? Vs : {};

/** The contract that definitions make: by name, which is the key unless the operation has a name of its own, or is a command. */
export type ContractOf<Ds extends Definitions> = [AggregateKey<Ds>] extends [never]
  ? OperationsOf<Ds> & PartsOf<Ds>
  : OperationsOf<Ds> & AllCommandsOf<Ds> & PartsOf<Ds>;

/** The names of the operations that a handler answers: neither a responder does, nor a decider. */
export type HandledName<C extends Contract> = {
  [Name in keyof C & string]: Name extends `${string}.${string}` ? never : C[Name]["responder"] extends Responder ? never : Name;
}[keyof C & string];

/** What a contract has beside operations. */
export type ContractParts = {
  /** By name. */
  readonly aggregates: ReadonlyMap<string, AnyAggregate>;
  /** By name. */
  readonly views: ReadonlyMap<string, View>;
};

const NO_PARTS: ContractParts = { aggregates: new Map(), views: new Map() };
/** A contract has operations only, as everybody takes it who knows of nothing else. */
const parts = new WeakMap<Contract, ContractParts>();

/** The aggregates and the views of a contract. */
export const partsOf = (contract: Contract): ContractParts => parts.get(contract) ?? NO_PARTS;

/**
 * Checks operations and collects them by name: an operation's key, or its `name` if it has one, and `<key>.<command>` for each command of an
 * aggregate. Aggregates and views are beside them: see {@link partsOf}. The contract is frozen.
 * @throws DefinitionError naming what is wrong: a field of an operation, two operations of one name, a schema without JSON Schema, or a topic with
 * two uses that exclude each other
 */
export const defineContract = <const Ds extends Definitions>(definitions: Ds): ContractOf<Ds> => {
  const contract: Record<string, Operation> = {};
  const keys: Record<string, string> = {};
  const eventTopics = new Map<string, string>();
  const aggregates = new Map<string, AnyAggregate>();
  const views: [key: string, view: AnyView][] = [];
  for (const [key, definition] of Object.entries(definitions)) {
    if (isView(definition)) {
      views.push([key, definition]);
      continue;
    }
    if (isAggregate(definition)) {
      aggregates.set(key, definition);
      // No other name has a dot, so these are nobody else's.
      for (const operation of operationsOfAggregate(key, definition)) contract[operation.name] = operation;
      addEventTopic(eventTopics, key, definition);
      continue;
    }
    const operation = completeOperation(key, definition);
    const other = keys[operation.name];
    if (other !== undefined) {
      throw new DefinitionError(
        `Expected each operation to have a name of its own, got ${JSON.stringify(operation.name)} for both ${other} and ${key}. Give one of them another key or name.`,
      );
    }
    keys[operation.name] = key;
    contract[operation.name] = operation;
  }
  checkTopics(contract, eventTopics);
  const frozen = Object.freeze(contract);
  parts.set(frozen, { aggregates, views: new Map(views.map(([key, view]) => [key, completeView(key, view, aggregates)])) });
  return frozen as ContractOf<Ds>;
};

/** The operation of that name, or undefined; names from outside never reach the prototype. */
export const findOperation = (contract: Contract, name: string): Operation | undefined =>
  Object.hasOwn(contract, name) ? contract[name] : undefined;

/** What `GET /contract` says about each operation, by name. */
export const describeContract = (contract: Contract): { readonly [name: string]: OperationDescription } =>
  Object.fromEntries(Object.entries(contract).map(([name, { description }]) => [name, description]));

/** What `GET /contract` says about each view, by name: the aggregate whose events its rows are made of, its version, and a row as JSON Schema. */
export const describeViews = (
  contract: Contract,
): { readonly [name: string]: Omit<View, "name" | "row" | "jsonSchema"> & { row: JsonSchema } } =>
  Object.fromEntries(
    [...partsOf(contract).views.values()].map(({ name, version, aggregate, jsonSchema }) => [
      name,
      { version, aggregate, row: jsonSchema },
    ]),
  );

/** Every topic that the contract produces to, each once. */
export const topicsOf = (contract: Contract): readonly string[] => [
  ...new Set(Object.values(contract).map((operation) => operation.topic)),
];

/** The topics of the operations that handlers answer, each once. */
export const handledTopicsOf = (contract: Contract): readonly string[] => [
  ...new Set(Object.values(contract).flatMap(({ topic, responder }) => (responder === undefined ? topic : []))),
];

/** The topics of the operations whose requests may leave them for a retry topic, each once. */
export const retriedTopicsOf = (contract: Contract): readonly string[] => [
  ...new Set(
    Object.values(contract).flatMap(({ topic, responder, retry }) => (responder === undefined && retry.order === "give-up" ? topic : [])),
  ),
];

/** The operations that responders answer, by the topics of their replies. */
export const respondedOperationsOf = (contract: Contract): ReadonlyMap<string, Operation> =>
  new Map(
    Object.values(contract).flatMap((operation) =>
      operation.responder === undefined ? [] : [[operation.responder.replyTopic, operation]],
    ),
  );

const addEventTopic = (uses: Map<string, string>, aggregate: string, definition: AnyAggregate): void => {
  const topic = eventTopicOf(aggregate, definition);
  const other = uses.get(topic);
  if (other !== undefined)
    throw new DefinitionError(
      `Expected aggregate ${JSON.stringify(aggregate)} to have an event topic of its own, got ${topic}, which has ${other}.`,
    );
  uses.set(topic, `events of ${aggregate}`);
};

/** What is read from a topic must be of one kind: requests for handlers, requests for responders, the replies of one operation, or events. */
const checkTopics = (contract: Contract, eventTopics: ReadonlyMap<string, string>): void => {
  const uses = new Map<string, string>(eventTopics);
  for (const { name, topic, responder, retry } of Object.values(contract)) {
    const own: [topic: string, use: string][] =
      responder === undefined
        ? [
            [topic, "requests to handlers"],
            ...(retry.order === "give-up" ? [[retryTopicOf(topic), "requests that wait for another attempt"] as [string, string]] : []),
          ]
        : [
            [topic, "requests to responders"],
            [responder.replyTopic, `replies to ${name}`],
          ];
    for (const [topic, use] of own) {
      const other = uses.get(topic) ?? use;
      if (other !== use)
        throw new DefinitionError(
          `Expected topic ${JSON.stringify(topic)} to have one use, got ${other} and ${use}, the latter by operation ${name}`,
        );
      uses.set(topic, use);
    }
  }
};
