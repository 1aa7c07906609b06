import { DefinitionError } from "../../contract/definition-error.ts";
import { PERSONAL_KEYWORD } from "../../contract/personal.ts";
import type { JsonSchema } from "../../contract/schema.ts";
import { pointerStep } from "../../protocol/json-shape.ts";

/** Where an event has personal data. */
export type PersonalField = {
  /** The names of members that lead there; null stands for every element or member. */
  readonly steps: readonly (string | null)[];
  /** The member of the event that says whom it is about; undefined: the aggregate. */
  readonly subject: string | undefined;
};

/** Keywords whose value describes the same value. */
const SAME = ["anyOf", "oneOf", "allOf"] as const;

/**
 * The personal fields of an event.
 * @param of the event, for the error's message
 * @throws DefinitionError if one is where it cannot be found, cannot be null, or is about whom the event does not say
 */
export const personalFieldsOf = (schema: JsonSchema, of: string): readonly PersonalField[] => {
  const marks = countMarks(schema);
  if (marks === 0) return [];
  const fields: PersonalField[] = [];
  const found = new Set<JsonSchema>();
  const expect = (holds: boolean, toBe: string): void => {
    if (!holds) throw new DefinitionError(`Expected a personal field of ${of} to be ${toBe}.`);
  };

  const visit = (node: unknown, steps: PersonalField["steps"], refs: ReadonlySet<string>): void => {
    if (!isObject(node)) return;
    const mark = node[PERSONAL_KEYWORD];
    if (mark !== undefined) {
      expect(steps.length > 0, "a member of the event, and not the event");
      expect(takesNull(node), `able to be null, which ${steps.map((step) => step ?? "*").join(".")} is not`);
      found.add(node);
      const subject = typeof mark === "string" ? mark : undefined;
      if (!fields.some((field) => JSON.stringify(field) === JSON.stringify({ steps, subject }))) fields.push({ steps, subject });
      return;
    }
    const members = Object.entries(isObject(node["properties"]) ? node["properties"] : {});
    const first = listOf(node["prefixItems"]);
    for (const [name, member] of members) visit(member, [...steps, name], refs);
    for (const [index, item] of first.entries()) visit(item, [...steps, String(index)], refs);
    // Every one, only where none has a name of its own.
    if (members.length === 0) visit(node["additionalProperties"], [...steps, null], refs);
    if (first.length === 0) visit(node["items"], [...steps, null], refs);
    for (const keyword of SAME) for (const part of listOf(node[keyword])) visit(part, steps, refs);
    const ref = node["$ref"];
    if (typeof ref === "string") {
      expect(!refs.has(ref), "in a schema that does not contain itself");
      const target = resolve(schema, ref);
      if (countMarks(target) > 0 || refs.size > 0) visit(target, steps, new Set([...refs, ref]));
    }
  };
  visit(schema, [], new Set());
  expect(found.size === marks, "a member of an object, or every element of an array or value of a record");

  const members = isObject(schema["properties"]) ? schema["properties"] : {};
  for (const { subject } of fields) {
    if (subject === undefined) continue;
    const member = members[subject];
    expect(isObject(member) && member["type"] === "string", `about a member of the event that is text, which ${subject} is not`);
    expect(countMarks(member) === 0, `about a member of the event that is not personal itself, as ${subject} is`);
  }
  return fields;
};

/** Something found in an event: its JSON Pointer (RFC 6901), and a value that is not null. */
export type Found = { readonly pointer: string; readonly value: unknown };

/** The value with what `change` makes of each value that the steps lead to, unless it is absent or null. What it was stays as it was. */
export const changeAt = (value: unknown, steps: PersonalField["steps"], change: (found: Found) => unknown, pointer = ""): unknown => {
  if (value === undefined || value === null) return value;
  const [step, ...rest] = steps;
  if (step === undefined) return change({ pointer, value });
  if (typeof value !== "object") return value;
  const next = (key: string, member: unknown): unknown => changeAt(member, rest, change, pointer + pointerStep(key));
  if (Array.isArray(value))
    return value.map((member, index) => (step === null || step === String(index) ? next(String(index), member) : member));
  if (step !== null && !Object.hasOwn(value, step)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, step === null || step === key ? next(key, member) : member]),
  );
};

/** The steps that lead to a JSON Pointer. */
export const stepsOf = (pointer: string): readonly string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));

const countMarks = (node: unknown): number => {
  if (Array.isArray(node)) return node.reduce<number>((sum, element) => sum + countMarks(element), 0);
  if (!isObject(node)) return 0;
  const own = Object.hasOwn(node, PERSONAL_KEYWORD) ? 1 : 0;
  return Object.values(node).reduce<number>((sum, member) => sum + countMarks(member), own);
};

const takesNull = (node: JsonSchema): boolean => {
  const { type } = node;
  if (type === undefined || type === "null" || (Array.isArray(type) && type.includes("null")))
    return (
      type !== undefined || listOf(node["anyOf"] ?? node["oneOf"]).some((part) => isObject(part) && takesNull(part)) || isAnything(node)
    );
  return false;
};

/** Nothing says what it is. */
const isAnything = (node: JsonSchema): boolean => !["anyOf", "oneOf", "allOf", "enum", "const", "$ref"].some((keyword) => keyword in node);

const resolve = (schema: JsonSchema, ref: string): unknown =>
  stepsOf(ref.replace(/^#/, "")).reduce<unknown>((node, step) => (isObject(node) ? node[step] : undefined), schema);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const isObject = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null && !Array.isArray(value);
