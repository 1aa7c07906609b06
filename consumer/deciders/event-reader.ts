import { type AnyAggregate, createEventReaders } from "../../contract/aggregate.ts";
import { type Schema, validate } from "../../contract/schema.ts";
import type { CloudEvent } from "../../protocol/cloudevent.ts";
import { shapeFaultOf } from "../../protocol/json-shape.ts";

/** A stored event cannot be read by this version of the program. Who reads on would have a wrong state. */
export class EventError extends Error {
  override readonly name = "EventError";
}

/** Reads and writes the data of an aggregate's events. */
export type EventCodec = {
  /**
   * The name of a stored event in its aggregate, and its data as the schema makes it.
   * @throws EventError if the aggregate has no such event, or the data does not fit it, even after `upcast`
   */
  read(event: CloudEvent): { readonly name: string; readonly data: unknown };
  /**
   * The parts of a CloudEvent that say what happened.
   * @throws TypeError if the data does not fit the event's schema, or is no JSON
   */
  write(name: string, data: unknown): Pick<CloudEvent, "type" | "dataschema" | "data">;
};

/** @param aggregate its name in the contract. @throws DefinitionError as `defineContract` does */
export const createEventCodec = (aggregate: string, definition: AnyAggregate): EventCodec => {
  const readers = createEventReaders(aggregate, definition);
  const prefix = `${aggregate}.`;
  return {
    read(event) {
      const { type, data, dataschema } = event;
      // Only for errors: millions of events have none.
      const of = (): string => `event ${type} (${event.id}) of ${JSON.stringify(event.subject ?? "?")}`;
      const name = type.slice(prefix.length);
      const reader = type.startsWith(prefix) ? readers.get(name) : undefined;
      if (reader === undefined)
        throw new EventError(
          `Expected ${of()} to be one of ${[...readers.keys()].map((known) => prefix + known).join(", ")}. Add it to the aggregate.`,
        );
      let mended = data;
      try {
        if (dataschema !== reader.dataschema) mended = reader.upcast(data);
      } catch (cause) {
        throw new EventError(`Expected upcast to mend ${of()}, but it threw: ${(cause as Error).message}`, { cause });
      }
      const { value, fault } = check(reader.schema, mended, of);
      if (fault !== undefined) throw new EventError(`Expected ${of()} to fit its schema. ${fault}. Mend it by upcast.`);
      return { name, data: value };
    },
    write(name, data) {
      const type = prefix + name;
      const reader = readers.get(name);
      if (reader === undefined)
        throw new TypeError(`Expected events ${[...readers.keys()].join(", ")} of a decision, got ${JSON.stringify(name)}.`);
      const text = JSON.stringify(data) as string | undefined;
      if (text === undefined) throw new TypeError(`Expected the data of event ${type} to be JSON, got ${typeof data}.`);
      // As it will be read: a date, say, is text by then.
      const stored = JSON.parse(text) as unknown;
      const { fault } = check(reader.schema, stored, () => `event ${type}`);
      if (fault !== undefined) throw new TypeError(`Expected the data of event ${type} to fit its schema. ${fault}`);
      return { type, dataschema: reader.dataschema, data: stored };
    },
  };
};

/**
 * What a schema makes of a value, or why it does not fit.
 * @throws TypeError if the schema is asynchronous
 */
export const check = (schema: Schema, value: unknown, of: () => string): { readonly value?: unknown; readonly fault?: string } => {
  const shape = shapeFaultOf(value);
  const checked = shape === undefined ? validate(schema, value) : { errors: [shape] };
  if (checked instanceof Promise) throw new TypeError(`Expected the schema of ${of()} to be synchronous.`);
  if (checked.errors === undefined) return { value: checked.value };
  return { fault: checked.errors.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ") };
};
