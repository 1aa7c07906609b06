import { type Schema, validate } from "../contract/schema.ts";
import { shapeFaultOf } from "../protocol/json-shape.ts";

type Checked<S extends Schema> = ReturnType<typeof validate<S>>;

/** What a schema makes of a value that a handler or a responder gives, or what does not fit. It may be anything, also what the schema could not follow. */
export const validateGiven = <S extends Schema>(schema: S, value: unknown): Checked<S> => {
  const fault = shapeFaultOf(value);
  return fault === undefined ? validate(schema, value) : { errors: [fault] };
};

/** How a value is checked that a handler gives away while it runs. */
export type CheckedBy = {
  readonly schema: Schema;
  /** What the value is, for the error's message: `progress of operation "sum"`. */
  readonly what: string;
};

/** What the schema makes of a value, and its JSON. */
export type CheckedJson = { readonly value: unknown; readonly json: string };

/**
 * Checks a value; a promise only if the schema is asynchronous.
 * @throws TypeError saying what does not fit the schema, or that the value has no JSON
 */
export const checkedJson = (value: unknown, { schema, what }: CheckedBy): CheckedJson | Promise<CheckedJson> => {
  const read = ({ value: made, errors, moreErrors = 0 }: Awaited<Checked<Schema>>): CheckedJson => {
    if (errors !== undefined) {
      const faults = errors.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
      if (moreErrors > 0) faults.push(`and ${moreErrors} more`);
      throw new TypeError(`Expected ${what} to fit its schema. ${faults.join("; ")}`);
    }
    const json = JSON.stringify(made) as string | undefined;
    if (json === undefined) throw new TypeError(`Expected ${what} to be JSON, got ${typeof made}.`);
    return { value: made, json };
  };
  const validated = validateGiven(schema, value);
  return validated instanceof Promise ? validated.then(read) : read(validated);
};
