import type * as z from "zod";
import type { Operation } from "../../contract/operation.ts";
import { pathText } from "./path.ts";

/** What is wrong with a draft: where, as `lines[2].quantity` (empty for the whole), and what. */
export type DraftProblem = { readonly path: string; readonly message: string };

/** The editor's text as a request, or everything that keeps it from being one. */
export type Draft = { readonly request: unknown } | { readonly problems: readonly DraftProblem[] };

const MAX_PROBLEMS = 8;

/**
 * Reads the editor's text by the operation's schema, as the Worker will.
 * The request is the JSON as written: defaults and transforms are for the server to apply.
 */
export const readDraft = (operation: Operation, text: string): Draft => {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch (error) {
    return { problems: [{ path: "", message: `This is not JSON yet: ${(error as SyntaxError).message}.` }] };
  }
  const result = (operation.request as z.ZodType).safeParse(request);
  if (result.success) return { request };
  const issues = result.error.issues;
  const problems = issues.slice(0, MAX_PROBLEMS).map(({ path, message }) => ({ path: pathText(path), message }));
  const more = issues.length - problems.length;
  return { problems: more > 0 ? [...problems, { path: "", message: `… and ${more} more` }] : problems };
};

/** The first example of the operation's schema, as text to start from. */
export const exampleOf = (operation: Operation): string => {
  const examples = operation.description.request["examples"];
  return JSON.stringify(Array.isArray(examples) ? examples[0] : {}, undefined, 2);
};
