/** How a value can be asked for by a form. */
export type Field =
  | { readonly kind: "object"; readonly members: readonly Member[] }
  | { readonly kind: "list"; readonly item: Field }
  | { readonly kind: "text"; readonly type: "text" | "date" | "email" | "url"; readonly maxLength: number | undefined }
  | { readonly kind: "number"; readonly isInteger: boolean }
  | { readonly kind: "boolean" }
  | { readonly kind: "choice"; readonly values: readonly (string | number)[] }
  /** What a form has no words for: to be written as JSON. */
  | { readonly kind: "json" };

export type Member = { readonly name: string; readonly isRequired: boolean; readonly hint: string; readonly field: Field };

/** The part of JSON Schema (2020-12) that a form has words for. */
export type JsonSchema = {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly format?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly maxLength?: number;
};

/** The form of a schema. */
export const fieldOf = (schema: JsonSchema): Field => toField(schema, { defs: schema.$defs ?? {}, within: [] });

/** The definitions that a schema may refer to, and those that the way here has led through. */
type Scope = { readonly defs: Readonly<Record<string, JsonSchema>>; readonly within: readonly string[] };

const INPUT_TYPES: Readonly<Record<string, "date" | "email" | "url">> = { date: "date", email: "email", uri: "url" };

const toField = (schema: JsonSchema, scope: Scope): Field => {
  if (schema.$ref !== undefined) return referredField(schema.$ref, scope);
  const choices = choicesOf(schema);
  if (choices !== undefined) return { kind: "choice", values: choices };
  switch (schema.type) {
    case "object":
      return schema.properties === undefined ? { kind: "json" } : { kind: "object", members: membersOf(schema, scope) };
    case "array":
      return schema.items === undefined ? { kind: "json" } : { kind: "list", item: toField(schema.items, scope) };
    case "string":
      return { kind: "text", type: INPUT_TYPES[schema.format ?? ""] ?? "text", maxLength: schema.maxLength };
    case "number":
    case "integer":
      return { kind: "number", isInteger: schema.type === "integer" };
    case "boolean":
      return { kind: "boolean" };
    default:
      return { kind: "json" };
  }
};

/** A definition that holds itself has no end as a form: there it is JSON. */
const referredField = ($ref: string, { defs, within }: Scope): Field => {
  const name = $ref.replace("#/$defs/", "");
  const schema = defs[name];
  return schema === undefined || within.includes(name) ? { kind: "json" } : toField(schema, { defs, within: [...within, name] });
};

/** The values to choose from, if there are only some: by `enum`, or by alternatives of one value each. */
const choicesOf = ({ enum: values, anyOf, oneOf, ...schema }: JsonSchema): readonly (string | number)[] | undefined => {
  const all = values ?? (anyOf ?? oneOf ?? [schema]).map((one) => one.const);
  return all.every((value) => typeof value === "string" || typeof value === "number") ? all : undefined;
};

const membersOf = ({ properties = {}, required = [] }: JsonSchema, scope: Scope): readonly Member[] =>
  Object.entries(properties).map(([name, schema]) => ({
    name,
    isRequired: required.includes(name),
    hint: schema.description ?? boundsOf(schema),
    field: toField(schema, scope),
  }));

/** What a number may be, in words; safe integers need none. */
const boundsOf = ({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string =>
  [
    exclusiveMinimum === undefined ? undefined : `more than ${exclusiveMinimum}`,
    minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : `at least ${minimum}`,
    exclusiveMaximum === undefined ? undefined : `less than ${exclusiveMaximum}`,
    maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : `at most ${maximum}`,
  ]
    .filter((part) => part !== undefined)
    .join(", ");

/** A value to begin with, for a new item of a list. */
export const emptyOf = (field: Field): unknown => {
  switch (field.kind) {
    case "object":
      return Object.fromEntries(
        field.members.filter(({ isRequired }) => isRequired).map(({ name, field: member }) => [name, emptyOf(member)]),
      );
    case "list":
      return [];
    case "number":
      return 0;
    case "boolean":
      return false;
    case "choice":
      return field.values[0];
    case "text":
      return "";
    case "json":
      return null;
  }
};
