import { DefinitionError } from "./definition-error.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { completeOperation, NAME, NAME_RULE, type Operation, type OperationDefinition } from "./operation.ts";
import { type InputOf, type JsonSchema, jsonSchemaOf, type OutputOf, type Schema } from "./schema.ts";
import { isTopic, TOPIC_RULE } from "../protocol/topics.ts";

/** An event whose schema was another one before. */
export type EventDefinition<S extends Schema = Schema> = {
  readonly schema: S;
  /** Makes the data of an event that was written under another version of the schema fit this one. It must know all earlier ones. */
  upcast?(data: unknown): unknown;
};

/** Events by name: 1 to 64 lower-case letters, digits and hyphens, starting with a letter. */
export type EventDefinitions = { readonly [name: string]: Schema | EventDefinition };

/** Commands by name. Each is an operation, whose name, topic and ordering key come from its aggregate. */
export type CommandDefinitions = { readonly [name: string]: OperationDefinition };

type RequestOfAny<Commands extends CommandDefinitions> = OutputOf<Commands[keyof Commands]["request"]>;

/** What a user writes to add an aggregate; see {@link aggregate}. */
export type AggregateDefinition<
  Events extends EventDefinitions = EventDefinitions,
  Commands extends CommandDefinitions = CommandDefinitions,
> = {
  /** What can have happened to one: the schemas of its events. They are read synchronously, and for ever. */
  readonly events: Events;
  /** What can be asked of one. */
  readonly commands: Commands;
  /** Which one a request is for, such as `({ account }) => account`. It becomes the key of the records of its commands and its events. */
  id(request: RequestOfAny<Commands>): string;
  /** The Kafka topic of the commands. Default: the aggregate's name with `-commands`. */
  readonly commandTopic?: string;
  /** The Kafka topic of the events. Default: the aggregate's name with `-events`. */
  readonly eventTopic?: string;
};

/** Any aggregate. */
export type AnyAggregate = {
  readonly events: EventDefinitions;
  readonly commands: CommandDefinitions;
  id(request: never): string;
  readonly commandTopic?: string;
  readonly eventTopic?: string;
};

type SchemaOf<E extends Schema | EventDefinition> = E extends Schema ? E : E extends EventDefinition<infer S> ? S : never;

/** What may be given as the data of an event. */
export type EventInput<A extends AnyAggregate, Name extends keyof A["events"]> = InputOf<SchemaOf<A["events"][Name]>>;
/** The data of an event as it is read. */
export type EventData<A extends AnyAggregate, Name extends keyof A["events"]> = OutputOf<SchemaOf<A["events"][Name]>>;
/** An event of an aggregate, by its name there. */
export type EventOf<A extends AnyAggregate> = {
  [Name in keyof A["events"] & string]: { readonly type: Name; readonly data: EventInput<A, Name> };
}[keyof A["events"] & string];

/**
 * One kind of thing whose state is the sum of what happened to it, such as an account. Each command of it is an operation of the contract, called
 * `<aggregate>.<command>`: its requests have the ID of the aggregate as ordering key, and a topic of their own.
 */
export const aggregate = <Events extends EventDefinitions, Commands extends CommandDefinitions>(
  definition: AggregateDefinition<Events, Commands>,
): AggregateDefinition<NoInfer<Events>, NoInfer<Commands>> => definition;

/** Whether a definition in a contract is an aggregate. */
export const isAggregate = (definition: object): definition is AnyAggregate => "commands" in definition;

/** Where the commands of the aggregate of that name go. */
export const commandTopicOf = (name: string, { commandTopic = `${name}-commands` }: AnyAggregate): string => commandTopic;

/** Where the events of the aggregate of that name go. */
export const eventTopicOf = (name: string, { eventTopic = `${name}-events` }: AnyAggregate): string => eventTopic;

/** What its own topics, keys and order leave no choice of. */
const FIXED = ["name", "topic", "orderingKey", "responder"] as const;

/**
 * Checks an aggregate, and makes the operations of its commands.
 * @throws DefinitionError naming what is wrong and what it must be
 */
export const operationsOfAggregate = (name: string, definition: AnyAggregate): readonly Operation[] => {
  const { commands, id } = definition;
  const of = `of aggregate ${JSON.stringify(name)}`;
  const expect = (holds: boolean, field: string, toBe: string, got: unknown): void => {
    if (!holds) throw new DefinitionError(`Expected ${field} ${of} to be ${toBe}, got ${JSON.stringify(got)}`);
  };
  expect(NAME.test(name), "name", NAME_RULE, name);
  expect(typeof id === "function", "id", "a function of the request, such as ({ account }) => account", id);
  const commandTopic = commandTopicOf(name, definition);
  const eventTopic = eventTopicOf(name, definition);
  expect(isTopic(commandTopic), "commandTopic", TOPIC_RULE, commandTopic);
  expect(isTopic(eventTopic), "eventTopic", TOPIC_RULE, eventTopic);
  expect(eventTopic !== commandTopic, "eventTopic", "another topic than commandTopic", eventTopic);
  expect(Object.keys(definition.events).length > 0, "events", "at least one event", {});
  createEventReaders(name, definition);
  return Object.entries(commands).map(([command, operation]) => {
    expect(NAME.test(command), "the name of a command", NAME_RULE, command);
    for (const field of FIXED)
      expect(operation[field] === undefined, `${field} of command ${command}`, "left out: the aggregate decides it", operation[field]);
    expect(operation.retry?.order !== "give-up", `retry.order of command ${command}`, '"keep"', "give-up");
    return completeOperation(
      `${name}.${command}`,
      { ...operation, topic: commandTopic, orderingKey: id as (request: unknown) => string },
      true,
    );
  });
};

/** One kind of event, ready to be read. */
export type EventReader = {
  readonly schema: Schema;
  upcast(data: unknown): unknown;
  /** A URI that names the version of the schema: it differs when the schema does in more than its words (CloudEvents 1.0.2 §3.1.2, dataschema). */
  readonly dataschema: string;
  /** Of what may be given as data. */
  readonly jsonSchema: JsonSchema;
};

/**
 * Prepares the events of the aggregate of that name.
 * @throws DefinitionError if a name is none, or a schema has no JSON Schema
 */
export const createEventReaders = (name: string, { events }: AnyAggregate): ReadonlyMap<string, EventReader> =>
  new Map(
    Object.entries(events).map(([event, definition]): [string, EventReader] => {
      if (!NAME.test(event))
        throw new DefinitionError(
          `Expected the name of an event of aggregate ${JSON.stringify(name)} to be ${NAME_RULE}, got ${JSON.stringify(event)}`,
        );
      const { schema, upcast = unchanged } = "~standard" in definition ? { schema: definition } : definition;
      const type = `${name}.${event}`;
      const jsonSchema = jsonSchemaOf(schema, "input", `event ${JSON.stringify(type)}`);
      let dataschema: string | undefined;
      const reader: EventReader = {
        schema,
        upcast,
        jsonSchema,
        // Only where events are read: a Worker reads none, and starts often.
        get dataschema() {
          return (dataschema ??= `rejoinder:${type}/${fingerprintOf(jsonSchema)}`);
        },
      };
      return [event, reader];
    }),
  );

const unchanged = (data: unknown): unknown => data;
