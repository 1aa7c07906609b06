/**
 * The text of a JSON value in which members are in one order and nothing is spelled in two ways (RFC 8785 §3.2), so that equal values have equal
 * texts. A number that no double can hold stays apart from null, as which JSON would write it.
 */
export const canonicalJson = (value: unknown): string => {
  if (typeof value === "number") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(",")}}`;
};
