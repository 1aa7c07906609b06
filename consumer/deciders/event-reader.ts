import { type AnyAggregate, createEventReaders } from "../../contract/aggregate.ts";
import { type Schema, validate } from "../../contract/schema.ts";
import type { CloudEvent } from "../../protocol/cloudevent.ts";
import { KeysUnavailableError } from "../personal/subject-keys.ts";
import { changeAt, personalFieldsOf, stepsOf } from "../personal/personal-fields.ts";
import type { PersonalData } from "../personal/personal-data.ts";
import { shapeFaultOf } from "../../protocol/json-shape.ts";

/** A stored event cannot be read by this version of the program. Who reads on would have a wrong state. */
export class EventError extends Error {
  override readonly name = "EventError";
}

/** Reads and writes the data of an aggregate's events. */
export type EventCodec = {
  /**
   * The name of a stored event in its aggregate, and its data as the schema makes it.
   * @throws EventError if the aggregate has no such event, or the data does not fit it, even after `upcast`; KeysUnavailableError
   */
  read(event: CloudEvent): { readonly name: string; readonly data: unknown };
  /**
   * The parts of a CloudEvent that say what happened.
   * @param id of the aggregate: whom personal data is about, unless its schema says otherwise
   * @throws TypeError if the data does not fit the event's schema, or is no JSON
   */
  write(name: string, data: unknown, id?: string): Pick<CloudEvent, "type" | "dataschema" | "data"> & { readonly personal?: string };
};

/** For tests without keys: personal data stays as it is. */
export const UNSEALED = "unsealed";

/**
 * @param aggregate its name in the contract
 * @param personal encrypts and decrypts personal data. Absent: none can be read or written
 * @throws DefinitionError as `defineContract` does, and if personal data is where it cannot be found
 */
export const createEventCodec = (aggregate: string, definition: AnyAggregate, personal?: PersonalData | typeof UNSEALED): EventCodec => {
  const readers = createEventReaders(aggregate, definition);
  const prefix = `${aggregate}.`;
  const fields = new Map(
    [...readers].map(([name, { jsonSchema }]) => [name, personalFieldsOf(jsonSchema, `event ${JSON.stringify(prefix + name)}`)]),
  );

  /** The data with its personal fields encrypted, and the pointers to them as the attribute `personal` names them. */
  const seal = (name: string, data: unknown, id: string): { readonly data: unknown; readonly personal?: string } => {
    if (personal === UNSEALED) return { data };
    const type = prefix + name;
    const pointers: string[] = [];
    const sealed = (fields.get(name) ?? []).reduce<unknown>(
      (before, { steps, subject }) =>
        changeAt(before, steps, ({ pointer, value }) => {
          if (personal === undefined) throw new TypeError(`Expected keys for the personal data of event ${type}.`);
          const whose = subject === undefined ? id : (before as Record<string, unknown>)[subject];
          if (typeof whose !== "string" || whose === "")
            throw new TypeError(`Expected ${subject ?? "the ID of the aggregate"} to say whom ${pointer} of event ${type} is about.`);
          pointers.push(pointer);
          return personal.seal({ type, pointer }, whose, value);
        }),
      data,
    );
    return pointers.length === 0 ? { data } : { data: sealed, personal: pointers.map((pointer) => encodeURI(pointer)).join(" ") };
  };

  const open = ({ type, data }: CloudEvent, pointers: string, of: () => string): unknown => {
    if (personal === undefined || personal === UNSEALED) throw new EventError(`Expected keys for the personal data of ${of()}.`);
    try {
      return pointers.split(" ").reduce<unknown>((before, encoded) => {
        const pointer = decodeURI(encoded);
        return changeAt(before, stepsOf(pointer), ({ value }) => personal.open({ type, pointer }, value));
      }, data);
    } catch (cause) {
      if (cause instanceof KeysUnavailableError) throw cause;
      throw new EventError(`Expected ${of()} to have personal data that can be read. ${(cause as Error).message}`, { cause });
    }
  };

  return {
    read(event) {
      const { type, dataschema, personal: pointers } = event;
      // Only for errors: millions of events have none.
      const of = (): string => `event ${type} (${event.id}) of ${JSON.stringify(event.subject ?? "?")}`;
      const name = type.slice(prefix.length);
      const reader = type.startsWith(prefix) ? readers.get(name) : undefined;
      if (reader === undefined)
        throw new EventError(
          `Expected ${of()} to be one of ${[...readers.keys()].map((known) => prefix + known).join(", ")}. Add it to the aggregate.`,
        );
      let mended = typeof pointers === "string" ? open(event, pointers, of) : event.data;
      try {
        if (dataschema !== reader.dataschema) mended = reader.upcast(mended);
      } catch (cause) {
        throw new EventError(`Expected upcast to mend ${of()}, but it threw: ${(cause as Error).message}`, { cause });
      }
      const { value, fault } = check(reader.schema, mended, of);
      if (fault !== undefined) throw new EventError(`Expected ${of()} to fit its schema. ${fault}. Mend it by upcast.`);
      return { name, data: value };
    },
    write(name, data, id = "") {
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
      return { type, dataschema: reader.dataschema, ...seal(name, stored, id) };
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
