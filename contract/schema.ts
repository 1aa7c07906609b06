import { DefinitionError } from "./definition-error.ts";
import { MAX_PATH_LENGTH, pointerStep } from "../protocol/json-shape.ts";
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";

/**
 * A schema of any library that follows Standard Schema 1 (standardschema.dev), such as zod, valibot or arktype. A contract also needs the
 * library's JSON Schema converter (Standard JSON Schema 1): zod from 4.2 on and arktype from 2.1.28 on bring it, valibot wraps a schema by
 * `toStandardJsonSchema`. The converter is no part of this type, since the libraries' own types do not all show it; {@link jsonSchemaOf} looks.
 */
export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>;

/** What goes into a schema: before its defaults and transforms. */
export type InputOf<S extends Schema> = StandardSchemaV1.InferInput<S>;
/** What comes out of a schema. */
export type OutputOf<S extends Schema> = StandardSchemaV1.InferOutput<S>;

/** A JSON Schema document, dialect 2020-12. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** One thing that does not fit a schema. `path` is a JSON Pointer (RFC 6901), empty for the whole value. A long one ends at a place further out. */
type SchemaError = { readonly path: string; readonly message: string };

/** What does not fit a schema: as much as a person can read, since a value may have any number of faults. `moreErrors`: how many are left out. */
type SchemaErrors = { readonly errors: readonly SchemaError[]; readonly moreErrors?: number };

type Validated<Output> =
  | { readonly value: Output; readonly errors?: undefined; readonly moreErrors?: undefined }
  | (SchemaErrors & { readonly value?: undefined });

/** 50 of the longest have 40 KiB. */
const MAX_ERRORS = 50;
const MAX_MESSAGE_LENGTH = 512;

/** What a schema makes of a value, or what does not fit. A promise only of a schema that is asynchronous: most are not. */
export const validate = <S extends Schema>(schema: S, value: unknown): Validated<OutputOf<S>> | Promise<Validated<OutputOf<S>>> => {
  const result = schema["~standard"].validate(value);
  return result instanceof Promise ? result.then(readResult<OutputOf<S>>) : readResult<OutputOf<S>>(result);
};

const readResult = <Output>(result: StandardSchemaV1.Result<unknown>): Validated<Output> => {
  if (result.issues === undefined) return { value: result.value as Output };
  const errors = result.issues
    .slice(0, MAX_ERRORS)
    .map(({ path = [], message }) => ({ path: pointerOf(path), message: shortened(message) }));
  return result.issues.length > MAX_ERRORS ? { errors, moreErrors: result.issues.length - MAX_ERRORS } : { errors };
};

const pointerOf = (path: NonNullable<StandardSchemaV1.Issue["path"]>): string => {
  let pointer = "";
  for (const step of path) {
    const next = pointer + pointerStep(String(typeof step === "object" ? step.key : step));
    if (next.length > MAX_PATH_LENGTH) break;
    pointer = next;
  }
  return pointer;
};

/** Messages name what came, such as every key that nobody knows. */
const shortened = (message: string): string =>
  message.length <= MAX_MESSAGE_LENGTH
    ? message
    : `${message.slice(0, MAX_MESSAGE_LENGTH).toWellFormed()}… (${message.length - MAX_MESSAGE_LENGTH} more characters)`;

/**
 * The JSON Schema of one side of a schema, by the schema's own converter.
 * @param of what the schema is, for the error's message, such as `request of operation "sum"`
 * @throws DefinitionError if the schema has no converter, or holds what JSON cannot say
 */
export const jsonSchemaOf = (schema: Schema, side: "input" | "output", of: string): JsonSchema => {
  const { vendor, jsonSchema } = schema["~standard"] as StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props>;
  if (jsonSchema === undefined) {
    throw new DefinitionError(
      `Expected the schema of the ${of} to convert itself to JSON Schema (Standard JSON Schema), but this one of ${vendor} does not. ` +
        "Use zod 4.2 or newer, arktype 2.1.28 or newer, or valibot's toStandardJsonSchema(schema).",
    );
  }
  try {
    return jsonSchema[side]({ target: "draft-2020-12" });
  } catch (cause) {
    throw new DefinitionError(
      `Expected the schema of the ${of} to describe JSON: ${(cause as Error).message}. ` +
        "Use types that JSON has, such as z.iso.datetime() for a date, and give a transform its result by .pipe(schema).",
      { cause },
    );
  }
};
