import type { Entry } from "../requests/entry.ts";
import type { DraftProblem } from "./draft.ts";
import { type Path, pathText, valueAt } from "./path.ts";

/** A request that did not fit its operation's schema, and what the server found wrong with it. */
export type Refusal = {
  readonly operation: string;
  readonly request: unknown;
  readonly faults: readonly { readonly path: Path; readonly message: string }[];
};

const MAX_PROBLEMS = 8;

/** What the server found wrong with a request: `errors` of its problem details. Undefined if it found nothing. */
export const refusalOf = ({ operation, request, problem }: Entry): Refusal | undefined => {
  const errors = problem?.["errors"];
  if (problem?.code !== "INVALID_REQUEST" || !Array.isArray(errors)) return undefined;
  const faults = errors.map(({ path, message }) => ({ path: readPointer(String(path), request), message: String(message) }));
  return { operation, request, faults };
};

/** What is still wrong: a fault counts as mended once there is another value at its place. */
export const problemsOf = (refusal: Refusal, operation: string, request: unknown): readonly DraftProblem[] => {
  if (operation !== refusal.operation) return [];
  const open = refusal.faults.filter(({ path }) => isAlike(valueAt(request, path), valueAt(refusal.request, path)));
  const shown = open.slice(0, MAX_PROBLEMS).map(({ path, message }) => ({ path: pathText(path), message }));
  return open.length > shown.length ? [...shown, { path: "", message: `… and ${open.length - shown.length} more` }] : shown;
};

/** A JSON Pointer (RFC 6901) as a path: a step into a list is an index. */
const readPointer = (pointer: string, value: unknown): Path => {
  const path: (string | number)[] = [];
  for (const step of pointer.split("/").slice(1)) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    path.push(Array.isArray(valueAt(value, path)) ? Number(name) : name);
  }
  return path;
};

const isAlike = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
