/** Keywords that describe a value and do not constrain it (JSON Schema Validation 2020-12 §9). */
const ANNOTATIONS = new Set(["$schema", "$comment", "title", "description", "examples", "deprecated", "readOnly", "writeOnly"]);
/** Keywords whose members have names that the user chose. */
const NAMED = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]);
/** Keywords whose values are data. */
const DATA = new Set(["const", "enum", "default"]);

/** 16 characters that are equal for JSON Schemas which differ only in words for people, such as descriptions and examples. */
export const fingerprintOf = (schemas: unknown): string => fnv1a64(JSON.stringify(canonical(schemas, false)));

/** Sorted, and without what only describes. */
const canonical = (value: unknown, areNames: boolean, isSet = false): unknown => {
  if (Array.isArray(value)) return isSet ? value.toSorted() : value.map((element) => canonical(element, false));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value)
    .filter(([key]) => areNames || !ANNOTATIONS.has(key))
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(
    members.map(([key, member]) => [
      key,
      !areNames && DATA.has(key) ? member : canonical(member, !areNames && NAMED.has(key), !areNames && key === "required"),
    ]),
  );
};

const OFFSET = 0xcbf2_9ce4_8422_2325n;
const PRIME = 0x100_0000_01b3n;

/** FNV-1a, 64 bits, over UTF-16 units, as hex. It distinguishes versions; it is no protection against an attacker. */
const fnv1a64 = (text: string): string => {
  let hash = OFFSET;
  for (let index = 0; index < text.length; index++) hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(index))) * PRIME);
  return hash.toString(16).padStart(16, "0");
};
