/** Where in a request: names of members and indexes of items. */
export type Path = readonly (string | number)[];

/** A path for people: `lines[2].quantity`, empty for the whole. */
export const pathText = (path: readonly PropertyKey[]): string =>
  path.map((key, index) => (typeof key === "number" ? `[${key}]` : `${index === 0 ? "" : "."}${String(key)}`)).join("");

/** What is there; undefined if nothing is. */
export const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((within, key) => (typeof within === "object" && within !== null ? (within as never)[key] : undefined), value);

/** The value with another one there; without the member if that is undefined. What is on the way and no object or list becomes one. */
export const withValueAt = (value: unknown, [key, ...rest]: Path, next: unknown): unknown => {
  if (key === undefined) return next;
  if (typeof key === "number") {
    const list = Array.isArray(value) ? value : [];
    return list.toSpliced(key, 1, ...(rest.length === 0 && next === undefined ? [] : [withValueAt(list[key], rest, next)]));
  }
  const object: Record<string, unknown> = isObject(value) ? value : {};
  if (rest.length > 0 || next !== undefined) return { ...object, [key]: withValueAt(object[key], rest, next) };
  const { [key]: _, ...others } = object;
  return others;
};

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
