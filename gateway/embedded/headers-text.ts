import type { Header } from "../engine.ts";

/**
 * Headers on disk: names and values in turn, in one JSON array. Without the words `key` and `value` around each, a record takes a quarter
 * less.
 */
export const headersToText = (headers: readonly Header[]): string | null => {
  if (headers.length === 0) return null;
  const flat: string[] = [];
  for (const { key, value } of headers) flat.push(key, value);
  return JSON.stringify(flat);
};

const NONE: readonly Header[] = [];

/** Headers of the first version's files are objects on disk too. */
export const headersFromText = (text: string | null): readonly Header[] => {
  if (text === null) return NONE;
  const flat = JSON.parse(text) as string[] | Header[];
  if (typeof flat[0] === "object") return flat as Header[];
  const headers: Header[] = [];
  for (let index = 0; index < flat.length; index += 2) headers.push({ key: flat[index] as string, value: flat[index + 1] as string });
  return headers;
};
