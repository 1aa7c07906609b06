import type { Contract } from "../../contract/contract.ts";
import type { Operation } from "../../contract/operation.ts";
import type { JsonSchema } from "../../contract/schema.ts";
import { refTo } from "./route-description.ts";
import { objectOf, statusSchema } from "./schemas.ts";

/** Where a document has the schemas of an operation: references to its components. */
export type OperationSchemas = {
  readonly request: JsonSchema;
  readonly reply: JsonSchema;
  readonly progress?: JsonSchema;
  readonly chunk?: JsonSchema;
  readonly status: JsonSchema;
  /** Problems that the handler may answer, with their HTTP status. */
  readonly errors: readonly { readonly status: number; readonly schema: JsonSchema }[];
};

/**
 * Puts the schemas of each operation into the components of a document, as `sum.request`, `sum.reply`, `sum.error.CODE` and so on: no two
 * operations share a name, and no shared schema has a dot. A schema that has an id of its own is a component of that name.
 */
export const addContractSchemas = (contract: Contract, components: Record<string, JsonSchema>): ReadonlyMap<string, OperationSchemas> =>
  new Map(Object.values(contract).map((operation) => [operation.name, addOperation(operation, components)]));

const addOperation = ({ name, description }: Operation, components: Record<string, JsonSchema>): OperationSchemas => {
  const add = (part: string, schema: JsonSchema): JsonSchema => addSchema(`${name}.${part}`, schema, components);
  const parts = {
    request: add("request", description.request),
    reply: add("reply", description.reply),
    ...(description.progress && { progress: add("progress", description.progress) }),
    ...(description.chunk && { chunk: add("chunk", description.chunk) }),
  };
  const errors = Object.entries(description.errors).map(([code, { status, data }]) => {
    const problem = objectOf({
      type: { type: "string", format: "uri-reference" },
      title: { type: "string" },
      status: { type: "integer", const: status },
      code: { type: "string", const: code },
      "detail?": { type: "string" },
      "retryable?": { type: "boolean" },
      ...(data && { data: add(`error.${code}.data`, data) }),
    });
    const owner = `${name}.error.${code}`;
    components[owner] = { ...problem, description: `Error ${code} of operation ${name}, as problem details (RFC 9457).` };
    return { status, schema: refTo(owner) };
  });
  const error = { anyOf: [...errors.map(({ schema }) => schema), refTo("Problem")] };
  components[`${name}.status`] = statusSchema(name, { ...parts, ...(errors.length > 0 && { error }) });
  return { ...parts, status: refTo(`${name}.status`), errors };
};

/** Puts a schema into the components of a document, and refers to it. */
export const addSchema = (owner: string, schema: JsonSchema, components: Record<string, JsonSchema>): JsonSchema => {
  components[owner] = lift(schema, owner, components);
  return refTo(owner);
};

/** A schema that stood alone, as part of a document: its definitions are components, and its references lead there. */
const lift = (schema: JsonSchema, owner: string, components: Record<string, JsonSchema>): JsonSchema => {
  const { $schema: _dialect, $id: _id, $defs = {}, ...rest } = schema;
  const definitions = $defs as Record<string, JsonSchema>;
  const rewritten = (named: ReadonlyMap<string, string>): ((ref: string) => string) => {
    return (ref) => {
      const [, name, behind = ""] = /^#\/\$defs\/([^/]+)(.*)$/.exec(ref) ?? [];
      const component = name === undefined ? undefined : named.get(unescape(name));
      if (component !== undefined) return `#/components/schemas/${component}${behind}`;
      return ref.startsWith("#") ? `#/components/schemas/${owner}${ref.slice(1)}` : ref;
    };
  };
  const owned = (name: string): string => `${owner}.${safe(name).replace(/^_+/, "")}`;
  const shared = new Map(Object.keys(definitions).map((name) => [name, name.startsWith("__") ? owned(name) : safe(name)]));
  // What another operation calls so may be something else.
  const isTaken = [...shared].some(([name, component]) => {
    const there = components[component];
    return there !== undefined && JSON.stringify(there) !== JSON.stringify(walk(definitions[name] as JsonSchema, rewritten(shared)));
  });
  const named = isTaken ? new Map(Object.keys(definitions).map((name) => [name, owned(name)])) : shared;
  for (const [name, component] of named) components[component] = walk(definitions[name] as JsonSchema, rewritten(named));
  return walk(rest, rewritten(named));
};

/** What a component may be called. */
const safe = (name: string): string => name.replaceAll(/[^A-Za-z0-9._-]/g, "_");

const unescape = (step: string): string => decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");

/** Keywords whose value is no schema, and those whose values are schemas by name. */
const VALUES = new Set(["const", "enum", "examples", "example", "default"]);
const MAPS = new Set(["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"]);

const walk = (schema: JsonSchema, rewrite: (ref: string) => string): JsonSchema =>
  Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (keyword === "$ref" && typeof value === "string") return [keyword, rewrite(value)];
      if (VALUES.has(keyword)) return [keyword, value];
      if (MAPS.has(keyword))
        return [
          keyword,
          Object.fromEntries(Object.entries(value as Record<string, unknown>).map(([name, one]) => [name, walkAny(one, rewrite)])),
        ];
      return [keyword, Array.isArray(value) ? value.map((one) => walkAny(one, rewrite)) : walkAny(value, rewrite)];
    }),
  );

const walkAny = (value: unknown, rewrite: (ref: string) => string): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? walk(value as JsonSchema, rewrite) : value;
